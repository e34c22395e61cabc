// The official TypeScript client, 1.x, over HTTP+SSE, with examples/everything. FASTMCP_URL is where its stream opens.
import assert from 'node:assert/strict';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { check, eventually, text } from './report.mjs';

const client = new Client({ name: 'e2e', version: '1' });
const transport = new SSEClientTransport(new URL(process.env.FASTMCP_URL));
await client.connect(transport);
const call = (name, args, options) => client.callTool({ name, arguments: args }, undefined, options);

await check('connect', () => {
    assert.equal(transport._protocolVersion, process.env.FASTMCP_REVISION); // it has no other name
    assert.equal(client.getServerVersion()?.name, 'everything');
    assert.ok(client.getServerCapabilities()?.tools, 'the server has no tools');
});
await check('list', async () => {
    const names = (await client.listTools()).tools.map((tool) => tool.name);
    for (const name of ['test_simple_text', 'test_tool_with_progress', 'test_error_handling']) assert.ok(names.includes(name), `${name} is not listed`);
});
await check('call', async () => {
    const result = await call('test_simple_text', {});
    assert.ok(!result.isError, 'it is an error');
    assert.equal(text(result), 'This is a simple text response for testing.');
});
await check('unknown tool', () => assert.rejects(call('no_such_tool', {}), (e) => e.code === -32602));
await check('error of a tool', async () => {
    const result = await call('test_error_handling', {});
    assert.equal(result.isError, true);
    assert.match(text(result), /intentionally/);
});
await check('progress', async () => {
    const notes = [];
    const result = await call('test_tool_with_progress', {}, { onprogress: (note) => notes.push([note.progress, note.total]) });
    assert.equal(text(result), 'Reported progress');
    await eventually(() => assert.deepEqual(notes, [[0, 100], [50, 100], [100, 100]]));
});
await check('close', () => client.close());
