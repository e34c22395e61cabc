// What every TypeScript client is put through as a host of MCP Apps: it finds the view of a tool, reads it, and runs it as
// a page would be, with a window and two elements of its own.
import assert from 'node:assert/strict';
import vm from 'node:vm';
import { check, eventually } from './report.mjs';

const id = 'io.modelcontextprotocol/ui';
const mimeType = 'text/html;profile=mcp-app';

// capabilities are those of a client that shows views.
export const capabilities = { extensions: { [id]: { mimeTypes: [mimeType] } } };

// host drives a client. connect(url) gives {client, close, call}.
export async function host({ connect }) {
    const { client, call, close } = await connect(new URL(process.env.FASTMCP_APPS));
    let tool, view;

    await check('extension', () => assert.deepEqual(client.getServerCapabilities()?.extensions?.[id], {}));
    await check('tool', async () => {
        tool = (await client.listTools()).tools.find((tool) => tool.name === 'roll');
        assert.deepEqual(tool._meta.ui, { resourceUri: 'ui://dice/roll', visibility: ['model', 'app'] });
        assert.equal(tool._meta['ui/resourceUri'], 'ui://dice/roll');
    });
    await check('view', async () => {
        const { contents } = await client.readResource({ uri: tool._meta.ui.resourceUri });
        assert.equal(contents.length, 1);
        [view] = contents;
        assert.equal(view.uri, tool._meta.ui.resourceUri);
        assert.equal(view.mimeType, mimeType);
        assert.deepEqual(view._meta.ui, { prefersBorder: true });
    });
    await check('not listed', async () => assert.deepEqual((await client.listResources()).resources, []));
    await check('the view calls the tool', async () => {
        const args = { sides: 3 };
        const result = await call('roll', args);
        assert.equal(result.structuredContent.shown, true, 'the server does not know that this host shows views');
        const page = open(view.text, call);
        await eventually(() => assert.ok(page.ready()));
        page.tell('ui/notifications/tool-input', { arguments: args });
        page.tell('ui/notifications/tool-result', result);
        assert.equal(page.elements.rolled.textContent, String(result.structuredContent.rolled));
        page.elements.rolled.textContent = '';
        page.elements.again.click();
        await eventually(() => assert.match(page.elements.rolled.textContent, /^[123]$/));
        assert.deepEqual(page.calls, [{ name: 'roll', arguments: args }]);
        assert.equal(page.elements.again.disabled, false);
    });
    await check('close', () => close());
}

// open runs the script of a page, and answers it as a host does.
function open(html, call) {
    const script = html.match(/<script>([^]*)<\/script>/)[1];
    const element = () => ({ textContent: '', disabled: true, addEventListener(_, f) { this.click = f; } });
    const elements = { rolled: element(), again: element() };
    const calls = [];
    let listener, initialized = false;

    const parent = { postMessage: (message) => void answer(message) };
    const deliver = (message) => listener({ source: parent, data: { jsonrpc: '2.0', ...message } });
    async function answer({ id, method, params }) {
        switch (method) {
            case 'ui/initialize':
                assert.equal(params.protocolVersion, '2026-01-26');
                assert.ok(params.appInfo.name);
                return deliver({ id, result: { protocolVersion: '2026-01-26', hostInfo: { name: 'e2e', version: '1' }, hostCapabilities: { serverTools: {} }, hostContext: {} } });
            case 'ui/notifications/initialized':
                initialized = true;
                return;
            case 'tools/call':
                calls.push(structuredClone(params));
                return deliver({ id, result: await call(params.name, params.arguments) });
            default:
                return deliver({ id, error: { code: -32601, message: method } });
        }
    }
    vm.runInNewContext(script, {
        window: { parent, addEventListener: (_, f) => { listener = f; } },
        document: { getElementById: (name) => elements[name] }
    });
    return { elements, calls, ready: () => initialized && !elements.again.disabled, tell: (method, params) => deliver({ method, params }) };
}
