// Tasks with the official TypeScript client, 1.x, which has them as an experiment (2025-11-25).
import assert from 'node:assert/strict';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CallToolResultSchema, ElicitRequestSchema, RELATED_TASK_META_KEY, TaskStatusNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { check, eventually, text } from './report.mjs';

const client = new Client({ name: 'e2e', version: '1' }, { capabilities: { elicitation: { form: {} } } });
const transport = new StreamableHTTPClientTransport(new URL(process.env.FASTMCP_URL));
const asked = [];
client.setRequestHandler(ElicitRequestSchema, (request) => {
    asked.push(request.params);
    return { action: 'accept', content: request.params.requestedSchema.properties.name ? { name: 'Ann' } : { confirm: true } };
});
const statuses = [];
client.setNotificationHandler(TaskStatusNotificationSchema, (note) => void statuses.push(note.params));
await client.connect(transport);
const tasks = client.experimental.tasks;

// run calls a tool as a task to its end, and gives what the client was told.
async function run(name, args) {
    const told = { statuses: [] };
    for await (const message of tasks.callToolStream({ name, arguments: args }, CallToolResultSchema, { task: { ttl: 60_000 } })) {
        if (message.type === 'taskCreated') told.task = message.task;
        else if (message.type === 'taskStatus') told.statuses.push(message.task.status);
        else told[message.type] = message[message.type];
    }
    return told;
}

await check('connect', async () => {
    assert.deepEqual(client.getServerCapabilities()?.tasks, { list: {}, cancel: {}, requests: { tools: { call: {} } } });
    const { tools } = await client.listTools();
    const support = Object.fromEntries(tools.map((tool) => [tool.name, tool.execution?.taskSupport]));
    assert.equal(support.slow_compute, 'optional');
    assert.equal(support.failing_job, 'required');
    assert.equal(support.greet, undefined);
});
let first;
await check('result', async () => {
    const told = await run('slow_compute', { seconds: 0.2, label: 'sum' });
    assert.equal(told.error, undefined);
    first = told.task.taskId;
    assert.equal(told.task.ttl, 60_000);
    assert.equal(text(told.result), 'sum: computed for 0.2 s');
    assert.equal(told.result._meta[RELATED_TASK_META_KEY].taskId, first);
    assert.equal(told.statuses.at(-1), 'completed');
});
await check('failure', async () => {
    const told = await run('failing_job', {});
    assert.match(told.error.message, /failed/);
    const result = await tasks.getTaskResult(told.task.taskId, CallToolResultSchema);
    assert.equal(result.isError, true);
    assert.match(text(result), /the job has failed/);
    const broken = await run('protocol_error_job', {});
    await assert.rejects(tasks.getTaskResult(broken.task.taskId, CallToolResultSchema), (e) => e.code === -32603 && /could not be run/.test(e.message));
});
await check('input', async () => {
    const told = await run('confirm_delete', { filename: 'a.txt' });
    assert.equal(told.error, undefined);
    assert.equal(text(told.result), 'a.txt was deleted');
    assert.equal(asked.length, 1);
    assert.equal(asked[0]._meta[RELATED_TASK_META_KEY].taskId, told.task.taskId);
    const two = await run('multi_input', {});
    assert.match(text(two.result), /accept by Ann, confirmed: true/);
    assert.equal(asked.length, 3);
});
await check('list', async () => {
    const all = [];
    for (let cursor, page; !page || cursor; cursor = page.nextCursor) all.push(...(page = await tasks.listTasks(cursor)).tasks);
    assert.equal(all.length, 5);
    assert.ok(all.some((task) => task.taskId === first && task.status === 'completed'));
});
await check('cancel', async () => {
    let id;
    for await (const message of tasks.callToolStream({ name: 'slow_compute', arguments: { seconds: 60, label: 'x' } }, CallToolResultSchema, { task: {} })) {
        if (message.type === 'taskCreated') {
            id = message.task.taskId;
            assert.equal((await tasks.cancelTask(id)).status, 'cancelled');
        } else if (message.type === 'error') {
            assert.match(message.error.message, /cancelled/);
        } else {
            assert.notEqual(message.type, 'result');
        }
    }
    await assert.rejects(tasks.cancelTask(id), (e) => e.code === -32602);
    await assert.rejects(tasks.getTask('unknown'), (e) => e.code === -32602);
    await eventually(() => assert.ok(statuses.some((task) => task.taskId === id && task.status === 'cancelled')));
});
await check('close', async () => {
    await transport.terminateSession();
    await client.close();
});
