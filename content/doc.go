// Package content is what tools, prompts and resources say: text, images, audio, embedded resources and links to
// resources (the protocol's ContentBlock).
//
// A block is made once and written for whichever revision of the protocol the client speaks: [Append] leaves out the
// fields that a revision does not know, and tells in text what a revision has no block for, because the union of block
// types is closed and an older client would refuse the whole result.
package content
