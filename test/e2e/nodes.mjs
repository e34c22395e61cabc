// Many sessions of the official TypeScript client, 1.x, behind a balancer that sends each request to another node. The
// environment says where (FASTMCP_URL), how many sessions, how many operations each (FASTMCP_SESSIONS, FASTMCP_OPERATIONS),
// and which ones, by a seed (FASTMCP_SEED).
import assert from 'node:assert/strict';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CreateMessageRequestSchema, ElicitRequestSchema, ListRootsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { reconnectionOptions } from './checks.mjs';
import { check, eventually, text } from './report.mjs';

const url = new URL(process.env.FASTMCP_URL);
const [sessions, operations, seed] = ['SESSIONS', 'OPERATIONS', 'SEED'].map((name) => Number(process.env[`FASTMCP_${name}`]));

// random is mulberry32: the same numbers for the same seed.
function random(state) {
    return (n) => {
        state = (state + 0x6d2b79f5) | 0;
        let t = Math.imul(state ^ (state >>> 15), 1 | state);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) % n;
    };
}

async function open() {
    const client = new Client({ name: 'nodes', version: '1' }, { capabilities: { elicitation: {}, sampling: {}, roots: {} } });
    const numbers = [];
    client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'accept', content: { username: 'sue', email: 'sue@example.com' } }));
    client.setRequestHandler(CreateMessageRequestSchema, () => ({ role: 'assistant', model: 'm', content: { type: 'text', text: 'yes' } }));
    client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [] }));
    client.fallbackNotificationHandler = async (note) => {
        if (note.method === 'notifications/example/number') numbers.push(note.params.n);
    };
    const transport = new StreamableHTTPClientTransport(url, { reconnectionOptions });
    await client.connect(transport);
    return { client, transport, numbers, next: 1 };
}

const call = ({ client }, name, args = {}, options) => client.callTool({ name, arguments: args }, undefined, options);

const all = {
    ping: (s) => s.client.ping(),
    list: async (s) => assert.ok((await s.client.listTools()).tools.length > 10),
    text: async (s) => assert.match(text(await call(s, 'test_simple_text')), /simple text/),
    error: async (s) => assert.ok((await call(s, 'test_error_handling')).isError),
    progress: async (s) => {
        const notes = [];
        await call(s, 'test_tool_with_progress', {}, { onprogress: (note) => notes.push(note.progress) });
        assert.deepEqual(notes, [0, 50, 100]);
    },
    elicitation: async (s) => assert.match(text(await call(s, 'test_elicitation', { message: 'who?' })), /accept/),
    sampling: async (s) => assert.match(text(await call(s, 'test_sampling', { prompt: 'really?' })), /yes/),
    resources: async (s) => assert.ok((await s.client.listResources()).resources.length > 1),
    read: async (s) => assert.ok((await s.client.readResource({ uri: 'test://static-text' })).contents[0].text),
    subscribe: (s) => s.client.subscribeResource({ uri: 'test://watched-resource' }),
    unsubscribe: (s) => s.client.unsubscribeResource({ uri: 'test://watched-resource' }),
    prompts: async (s) => assert.ok((await s.client.listPrompts()).prompts.length > 1),
    prompt: async (s) => assert.ok((await s.client.getPrompt({ name: 'test_simple_prompt' })).messages.length > 0),
    level: (s) => s.client.setLoggingLevel('info'),
    number: async (s) => {
        const n = s.next++;
        await call(s, 'send_number', { n });
        await eventually(() => assert.deepEqual(s.numbers, Array.from({ length: n }, (_, i) => i + 1)));
    }
};

await check('every operation', async () => {
    const made = {};
    await Promise.all(
        Array.from({ length: sessions }, async (_, i) => {
            const pick = random(seed + i);
            const session = await open();
            for (let n = 0; n < operations; n++) {
                const name = Object.keys(all)[pick(Object.keys(all).length)];
                try {
                    await all[name](session);
                } catch (e) {
                    throw new Error(`session ${i}, operation ${n}, ${name}: ${e?.stack ?? e}`);
                }
                made[name] = (made[name] ?? 0) + 1;
            }
            await session.transport.terminateSession();
            await session.client.close();
        })
    );
    assert.deepEqual(Object.keys(made).sort(), Object.keys(all).sort(), 'some operation was never made');
});
