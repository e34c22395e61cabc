package scan

// Without copies an object without the members that drop names, by key as text and value as JSON. What is no object is an
// error.
func Without(object []byte, drop func(key string, value []byte) bool) ([]byte, error) {
	i := Space(object, 0)
	if i >= len(object) || object[i] != '{' {
		return nil, fail(i, "expected an object")
	}
	i = Space(object, i+1)
	out := append(make([]byte, 0, len(object)), '{')
	for more := i >= len(object) || object[i] != '}'; more; {
		from := i
		key, v, err := Key(object, i)
		if err != nil {
			return nil, err
		}
		end, err := Value(object, v)
		if err != nil {
			return nil, err
		}
		if !drop(string(Text(nil, key)), object[v:end]) {
			if len(out) > 1 {
				out = append(out, ',')
			}
			out = append(out, object[from:end]...)
		}
		if i, more, err = Next(object, end); err != nil {
			return nil, err
		}
	}
	return append(out, '}'), nil
}
