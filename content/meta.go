package content

import "encoding/json"

// appendMeta writes _meta after other members, its keys sorted so that equal blocks are equal bytes. A meta that cannot
// be marshalled leaves dst as it was.
func appendMeta(dst []byte, meta map[string]any) []byte {
	text, err := json.Marshal(meta)
	if err != nil {
		return dst
	}
	return append(append(dst, `,"_meta":`...), text...)
}
