# Functions to try the examples by: a client that is made of curl, for bash and zsh. It speaks 2026-07-28, and 2025-11-25
# when a session has been opened.
#
#   . examples/try.sh
#   tool add '{"a":2,"b":3}'
#
# MCP is the address that is called, TOKEN who calls.

# post BODY [HEADER...] sends a message, and prints what comes back.
post() {
	local body=$1
	shift
	[ -z "${TOKEN-}" ] || set -- "$@" "Authorization: Bearer $TOKEN"
	[ -z "${SESSION-}" ] || set -- "$@" "Mcp-Session-Id: $SESSION"
	printf '%s\n' 'Content-Type: application/json' 'Accept: application/json, text/event-stream' "$@" |
		curl -sN -H @- -d "$body" "${MCP:-http://127.0.0.1:8080/mcp}"
	echo
}

# mcp METHOD [PARAMS [NAME]] calls a method. PARAMS are the members of an object, NAME is the tool, the prompt or the URI.
mcp() {
	local params="${2:+$2,}"'"_meta":{"progressToken":1'
	if [ -n "${SESSION-}" ]; then
		post '{"jsonrpc":"2.0","id":1,"method":"'"$1"'","params":{'"$params"'}}}' 'MCP-Protocol-Version: 2025-11-25'
		return
	fi
	post '{"jsonrpc":"2.0","id":1,"method":"'"$1"'","params":{'"$params"',
		"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/logLevel":"info",
		"io.modelcontextprotocol/clientCapabilities":{"elicitation":{"form":{},"url":{}},"sampling":{},"roots":{},
		"extensions":{"io.modelcontextprotocol/tasks":{},"com.example/search":{}}}}}}' \
		'MCP-Protocol-Version: 2026-07-28' "Mcp-Method: $1" ${3:+"Mcp-Name: $3"}
}

# tool NAME [ARGUMENTS] calls a tool, resource URI reads a resource, prompt NAME [ARGUMENTS] gets a prompt.
tool() { mcp tools/call '"name":"'"$1"'","arguments":'"${2:-"{}"}" "$1"; }
resource() { mcp resources/read '"uri":"'"$1"'"' "$1"; }
prompt() { mcp prompts/get '"name":"'"$1"'","arguments":'"${2:-"{}"}" "$1"; }

# session opens a session of 2025-11-25, which all calls then belong to; unset SESSION is back in 2026-07-28.
session() {
	unset SESSION
	SESSION=$(curl -s -o /dev/null -D - -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' \
		${TOKEN:+"-HAuthorization: Bearer $TOKEN"} -d '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{
		"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"curl","version":"1"}}}' \
		"${MCP:-http://127.0.0.1:8080/mcp}" | tr -d '\r' | awk 'tolower($1) == "mcp-session-id:" { print $2 }')
	post '{"jsonrpc":"2.0","method":"notifications/initialized"}' 'MCP-Protocol-Version: 2025-11-25'
}

# news [SECONDS] prints what the server tells the session by itself.
news() {
	curl -sN -m "${1:-10}" -H 'Accept: text/event-stream' -H 'MCP-Protocol-Version: 2025-11-25' -H "Mcp-Session-Id: $SESSION" \
		${TOKEN:+"-HAuthorization: Bearer $TOKEN"} "${MCP:-http://127.0.0.1:8080/mcp}" || true
}
