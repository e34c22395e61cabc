// What every TypeScript client is put through over stdio, with examples/stdio.
//
// The environment says what to start: FASTMCP_COMMAND is a JSON array of the program and its arguments; FASTMCP_REVISION is
// the revision that is to be agreed on.
import assert from 'node:assert/strict';
import { check, eventually, text } from './report.mjs';

const revision = process.env.FASTMCP_REVISION;
const [command, ...args] = JSON.parse(process.env.FASTMCP_COMMAND);

// server is what a StdioClientTransport wants to know.
export const server = { command, args };

// run drives a client that is connected: {client, version, call}, where call(name, args, options) calls a tool.
export async function run({ client, version, call }) {
    await check('connect', () => {
        assert.equal(version ?? revision, revision); // not every client tells
        assert.equal(client.getServerVersion()?.name, 'notes');
        assert.ok(client.getServerCapabilities()?.tools, 'the server has no tools');
    });
    await check('list', async () => {
        const { tools } = await client.listTools();
        assert.deepEqual(tools.map((tool) => tool.name).sort(), ['read_note', 'review_notes', 'write_note']);
        assert.deepEqual(Object.keys(tools.find((tool) => tool.name === 'write_note').inputSchema.properties), ['text']);
    });
    await check('call', async () => {
        for (const [i, note] of ['line one\nline two', 'two', 'three: ü'].entries()) {
            assert.deepEqual((await call('write_note', { text: note })).structuredContent, { number: i + 1 });
            assert.equal(text(await call('read_note', { number: i + 1 })), note);
        }
    });
    await check('invalid arguments', async () => {
        const result = await call('read_note', {});
        assert.equal(result.isError, true);
        assert.match(text(result), /\bnumber\b/);
    });
    await check('unknown tool', () => assert.rejects(call('no_such_tool', {}), (e) => e.code === -32602));
    await check('error of a tool', async () => {
        const result = await call('read_note', { number: 9 });
        assert.equal(result.isError, true);
        assert.equal(text(result), 'there are 3 notes');
    });
    await check('progress', async () => {
        const notes = [];
        const result = await call('review_notes', { pause_ms: 20 }, { onprogress: (note) => notes.push([note.progress, note.total, note.message]) });
        assert.equal(text(result), '3 notes reviewed');
        await eventually(() => assert.deepEqual(notes, [[1, 3, 'line one\nline two'], [2, 3, 'two'], [3, 3, 'three: ü']]));
    });
    // As many calls as the server runs at a time. One that went on would keep its place for minutes, and the call behind
    // them would wait for it.
    await check('cancel', async () => {
        await Promise.all(Array.from({ length: 64 }, async () => {
            const giveUp = new AbortController();
            await assert.rejects(call('review_notes', { pause_ms: 60_000 }, { signal: giveUp.signal, onprogress: () => giveUp.abort(new Error('not any more')) }));
        }));
        assert.equal(text(await call('read_note', { number: 2 }, { timeout: 15_000 })), 'two');
    });
    await check('close', () => client.close());
}
