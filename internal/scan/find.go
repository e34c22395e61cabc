package scan

// Find is the raw value at a path of member names in JSON that has been checked; nil when it is not there, and when what
// is searched is no object. Of a name that is given twice the last counts, as for encoding/json.
func Find(b []byte, path ...string) []byte {
	for _, name := range path {
		if b = member(b, name); b == nil {
			return nil
		}
	}
	return b
}

func member(object []byte, name string) (found []byte) {
	if len(object) == 0 || object[0] != '{' {
		return nil
	}
	i := Space(object, 1)
	for more := i < len(object) && object[i] != '}'; more; {
		key, v, err := Key(object, i)
		if err != nil {
			return nil
		}
		end, err := Value(object, v)
		if err != nil {
			return nil
		}
		if string(Text(nil, key)) == name {
			found = object[v:end:end]
		}
		if i, more, err = Next(object, end); err != nil {
			return nil
		}
	}
	return found
}

// Elements are the raw elements of an array that has been checked, most of them at most.
func Elements(array []byte, most int) (all [][]byte) {
	i := Space(array, Space(array, 0)+1)
	for array[i] != ']' && len(all) < most {
		end, _ := Value(array, i)
		all = append(all, array[i:end:end])
		if i = Space(array, end); array[i] == ',' {
			i = Space(array, i+1)
		}
	}
	return all
}
