// Package store is what is remembered: values with a time to live, atomic steps on them, event logs, messages between
// nodes and indexes.
//
// A [Storage] is what an operator hands in; any of Fiber's drivers fits. [From] resolves it once, at start, into a
// [Backend], whose parts everything else uses. What a storage lacks is kept in this process, and Backend.Shared and
// Backend.Filled tell so. [Memory] has all parts.
//
// One contract for all implementations, which store/storetest checks:
//   - Names (keys, logs, sets, members, channels) must not be empty: ErrInvalid.
//   - A ttl of 0 keeps for ever, a negative one is ErrInvalid: time that has run out must not become for ever. It may be
//     rounded up to the next millisecond.
//   - Bytes that are handed in are copied, those handed out belong to the caller, except where it says otherwise.
//   - A context that is done before a call makes it return the context's error and do nothing.
package store
