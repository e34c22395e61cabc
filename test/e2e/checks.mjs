// What every TypeScript client is put through over Streamable HTTP.
//
// The environment says where to go: FASTMCP_URL is the server, FASTMCP_CUTS a JSON object of proxies that lose a
// connection after three progress notes, by how they lose it; FASTMCP_REVISION is the revision to speak.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { check, eventually, text } from './report.mjs';

export const revision = process.env.FASTMCP_REVISION;
const url = new URL(process.env.FASTMCP_URL);
const cuts = JSON.parse(process.env.FASTMCP_CUTS ?? '{}');

// Quick reconnects, so that the tests do not wait for the clients' patience.
export const reconnectionOptions = {
    initialReconnectionDelay: 50,
    maxReconnectionDelay: 500,
    reconnectionDelayGrowFactor: 1.5,
    maxRetries: 10
};

// run drives a client. connect(url) gives {client, close, version, call}, where call(name, args, options) calls a tool.
export async function run({ connect, modern = false }) {
    const connection = await connect(url);
    const { client, call } = connection;

    const addition = async () => {
        const result = await call('add', { a: 2, b: 3 });
        assert.ok(!result.isError, 'it is an error');
        assert.deepEqual(JSON.parse(text(result)), { sum: 5 });
        if (connection.version >= '2025-06-18') assert.deepEqual(result.structuredContent, { sum: 5 });
    };
    const cancelled = async () => JSON.parse(text(await call('cancelled_calls', {}))).count;
    const countdown = async (call, from, delay_ms) => {
        const notes = [];
        const result = await call('countdown', { from, delay_ms }, { onprogress: (note) => notes.push(note) });
        assert.equal(text(result), 'liftoff');
        await sleep(20); // time for one too many
        assert.deepEqual(notes.map((note) => note.progress), Array.from({ length: from }, (_, i) => i + 1));
        for (const note of notes) assert.equal(note.total, from);
    };

    await check('connect', () => {
        assert.equal(connection.version, revision);
        assert.ok(client.getServerVersion()?.name, 'the server has no name');
        assert.ok(client.getServerCapabilities()?.tools, 'the server has no tools');
    });
    await check('list', async () => {
        const { tools } = await client.listTools();
        const names = tools.map((tool) => tool.name);
        for (const name of ['add', 'cancelled_calls', 'countdown', 'fail']) assert.ok(names.includes(name), `${name} is not listed`);
        const add = tools.find((tool) => tool.name === 'add');
        assert.deepEqual(Object.keys(add.inputSchema.properties).sort(), ['a', 'b']);
    });
    await check('call', addition);
    await check('invalid arguments', async () => {
        const result = await call('add', { a: 2 });
        assert.equal(result.isError, true);
        assert.match(text(result), /\bb\b/);
    });
    await check('unknown tool', () => assert.rejects(call('no_such_tool', {}), (e) => e.code === -32602));
    await check('error of a tool', async () => {
        const result = await call('fail', {});
        assert.equal(result.isError, true);
        assert.notEqual(text(result), '');
    });
    await check('progress', () => countdown(call, 5, 20));
    await check('cancel', async () => {
        const before = await cancelled();
        const giveUp = new AbortController();
        await assert.rejects(
            call('countdown', { from: 1000, delay_ms: 100 }, {
                signal: giveUp.signal,
                onprogress: (note) => { if (note.progress === 3) giveUp.abort(new Error('not any more')); }
            })
        );
        await eventually(async () => assert.equal(await cancelled(), before + 1));
        await addition(); // the connection is as good as before
    });
    if (modern) {
        await check('a loss cancels', async () => {
            const before = await cancelled();
            const lost = await connect(new URL(cuts['between two events']));
            const giveUp = new AbortController();
            const call = lost.call('countdown', { from: 1000, delay_ms: 100 }, { signal: giveUp.signal, onprogress: () => {} });
            const rejected = assert.rejects(call);
            await eventually(async () => assert.equal(await cancelled(), before + 1));
            giveUp.abort(); // this client would wait for an answer until its timeout
            await rejected;
            await lost.close();
        });
    } else {
        for (const [how, proxy] of Object.entries(cuts)) {
            await check(`replay after a loss ${how}`, async () => {
                const through = await connect(new URL(proxy));
                await countdown(through.call, 8, 50);
                await through.close();
            });
        }
    }
    await check('close', () => connection.close());
}
