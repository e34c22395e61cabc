// The official TypeScript client, 2.x, which has no tasks, with tools whose calls may or must be tasks.
import assert from 'node:assert/strict';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { check, text } from './report.mjs';

const client = new Client({ name: 'e2e', version: '1' }, { versionNegotiation: { mode: { pin: process.env.FASTMCP_REVISION } } });
await client.connect(new StreamableHTTPClientTransport(new URL(process.env.FASTMCP_URL)));
await check('optional', async () => {
    const result = await client.callTool({ name: 'slow_compute', arguments: { seconds: 0.05, label: 'sum' } });
    assert.equal(text(result), 'sum: computed for 0.05 s');
});
await check('required', () => assert.rejects(client.callTool({ name: 'failing_job', arguments: {} }), (e) => e.code === -32021 && /lacks a capability/.test(e.message)));
await check('close', () => client.close());
