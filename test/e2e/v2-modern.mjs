// The official TypeScript client, 2.x, in the revision without sessions. FASTMCP_NEGOTIATE is how it gets there: "pin"
// insists on the revision, "auto" asks the server.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { reconnectionOptions, revision, run } from './checks.mjs';

const mode = process.env.FASTMCP_NEGOTIATE === 'auto' ? 'auto' : { pin: revision };

await run({
    modern: true,
    async connect(url) {
        const client = new Client({ name: 'e2e', version: '1' }, { versionNegotiation: { mode } });
        await client.connect(new StreamableHTTPClientTransport(url, { reconnectionOptions }));
        return {
            client,
            version: client.getNegotiatedProtocolVersion(),
            call: (name, args, options) => client.callTool({ name, arguments: args }, options),
            close: () => client.close()
        };
    }
});
