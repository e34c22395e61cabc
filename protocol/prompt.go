package protocol

// Prompt is a prompt as a list shows it.
type Prompt struct {
	Name, Title, Description string
	Arguments                []PromptArgument
	Icons                    []Icon
	Meta                     map[string]any
}

// PromptArgument is an argument of a prompt. Its values are strings.
type PromptArgument struct {
	Name, Title, Description string
	Required                 bool
}

// AppendPrompt appends p as revision r shows it. The error is that of a _meta that is not JSON.
func AppendPrompt(dst []byte, p *Prompt, r Revision) ([]byte, error) {
	o := begin(dst)
	o.string("name", p.Name)
	if r.HasTitles() {
		o.string("title", p.Title)
	}
	o.string("description", p.Description)
	if len(p.Arguments) > 0 {
		o.key("arguments")
		o.dst = append(o.dst, '[')
		for i := range p.Arguments {
			if i > 0 {
				o.dst = append(o.dst, ',')
			}
			o.dst = appendPromptArgument(o.dst, &p.Arguments[i], r)
		}
		o.dst = append(o.dst, ']')
	}
	if len(p.Icons) > 0 && r.HasIcons() {
		o.value("icons", p.Icons)
	}
	if len(p.Meta) > 0 && r.HasItemMeta() {
		o.value("_meta", p.Meta)
	}
	return o.end()
}

func appendPromptArgument(dst []byte, a *PromptArgument, r Revision) []byte {
	o := begin(dst)
	o.string("name", a.Name)
	if r.HasTitles() {
		o.string("title", a.Title)
	}
	o.string("description", a.Description)
	if a.Required {
		o.raw("required", []byte("true"))
	}
	out, _ := o.end() // strings always marshal
	return out
}
