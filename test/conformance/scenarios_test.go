package conformance

// Every scenario that the suite has for servers stands in exactly one of the two tables below; a test compares them with
// the suite's own list. The revisions that a scenario applies to are the suite's to say.

// scenario is one that has to pass, at every revision that it applies to.
type scenario struct {
	name string
	// streaming scenarios depend on timing: they run several times in a row.
	streaming bool
	// must are checks that have to succeed, where the suite would be content with a warning.
	must []string
}

// required are the scenarios that have to pass now.
var required = []scenario{
	// life cycle and sessions
	{name: "server-initialize"},
	{name: "server-session-lifecycle"},
	{name: "ping"},
	{name: "logging-set-level"},

	// tools
	{name: "tools-list"},
	{name: "tools-call-simple-text"},
	{name: "tools-call-image"},
	{name: "tools-call-audio"},
	{name: "tools-call-embedded-resource"},
	{name: "tools-call-mixed-content"},
	{name: "tools-call-error"},
	{name: "tools-call-with-logging", streaming: true},
	{name: "tools-call-with-progress", streaming: true},
	{name: "json-schema-2020-12"},

	// headers
	{name: "http-header-validation"},
	{name: "http-custom-header-server-validation"},

	// streams
	{name: "server-sse-multiple-streams", streaming: true},
	{name: "server-sse-polling", streaming: true, must: []string{
		"server-sse-priming-event", "server-sse-retry-field", "server-sse-disconnect-resume",
	}},

	// safety
	{name: "dns-rebinding-protection"},

	// resources, prompts and completion
	{name: "completion-complete"},
	{name: "prompts-get-embedded-resource"},
	{name: "prompts-get-simple"},
	{name: "prompts-get-with-args"},
	{name: "prompts-get-with-image"},
	{name: "prompts-list"},
	{name: "resources-list"},
	{name: "resources-read-binary"},
	{name: "resources-read-text"},
	{name: "resources-subscribe"},
	{name: "resources-templates-read"},
	{name: "resources-unsubscribe"},
	{name: "sep-2164-resource-not-found"},

	// questions to the client
	{name: "elicitation-sep1034-defaults"},
	{name: "elicitation-sep1330-enums"},
	{name: "input-required-result-basic-elicitation"},
	{name: "input-required-result-basic-list-roots"},
	{name: "input-required-result-basic-sampling"},
	{name: "input-required-result-capability-check"},
	{name: "input-required-result-ignore-extra-params"},
	{name: "input-required-result-missing-input-response"},
	{name: "input-required-result-multi-round"},
	{name: "input-required-result-multiple-input-requests"},
	{name: "input-required-result-non-tool-request"},
	{name: "input-required-result-request-state"},
	{name: "input-required-result-result-type"},
	{name: "input-required-result-tampered-state"},
	{name: "input-required-result-unsupported-methods"},
	{name: "input-required-result-validate-input"},
	{name: "tools-call-elicitation"},
	{name: "tools-call-sampling"},

	// everything of 2026-07-28 together
	{name: "caching"},
	{name: "server-stateless"},

	// skills, an extension. Where it is not declared, the checks are skipped, which fails here.
	{name: "sep-2640-skills-directory", must: []string{"sep-2640-directory-read-subdir-mimetype"}},
	{name: "sep-2640-skills-enumeration", must: []string{
		"sep-2640-skill-uri-scheme", "sep-2640-limit-resources-per-skill", "sep-2640-limit-total-size", "sep-2640-metadata-reserved-prefix",
		"sep-2640-authority-reg-name", "sep-2640-names-should-be-unique", "sep-2640-skills-list-cache-attributes",
		"sep-2640-skills-get-cache-attributes", "sep-2640-entry-frontmatter-identical",
	}},
	{name: "sep-2640-skills-manifest", must: []string{
		"sep-2640-skillmd-mimetype", "sep-2640-skillmd-metadata-name", "sep-2640-skillmd-metadata-description", "sep-2640-meta-prefix",
	}},

	// tasks, an extension: the one that is left stands below
	{name: "tasks-capability-negotiation"},
	{name: "tasks-dispatch-and-envelope"},
	{name: "tasks-lifecycle"},
	{name: "tasks-mrtr-composition"},
	{name: "tasks-mrtr-input", streaming: true},
	{name: "tasks-request-headers"},
	{name: "tasks-request-state-removal"},
	{name: "tasks-required-task-error"},
	{name: "tasks-wire-fields"},
}

// skipped are the scenarios that the suite itself skips, whatever a server does, with the test that stands in for each.
var skipped = map[string]string{
	"tasks-status-notifications": "TestTaskListen, in the root package",
}
