package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
)

const (
	keySize   = 32
	halfNonce = 12
	nonceSize = 2 * halfNonce
	tagSize   = 16
)

// xaes is XAES-256-GCM (c2sp.org/XAES-256-GCM, version 1) under one key. It takes the same time whatever the key and the
// text where the processor has AES instructions (amd64, arm64, ppc64, s390x); elsewhere, wasm among them, Go's AES reads
// tables.
type xaes struct {
	block cipher.Block
	k1    [aes.BlockSize]byte
}

func newXAES(key []byte) (xaes, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return xaes{}, err
	}
	x := xaes{block: block}
	// K1 is CMAC's first subkey (NIST SP 800-38B, 6.1): the encrypted zero block doubled in GF(2^128).
	block.Encrypt(x.k1[:], x.k1[:])
	carry := byte(0)
	for i := len(x.k1) - 1; i >= 0; i-- {
		carry, x.k1[i] = x.k1[i]>>7, x.k1[i]<<1|carry
	}
	x.k1[len(x.k1)-1] ^= carry * 0b10000111 // no branch on a bit of the key
	_, err = x.derive(make([]byte, halfNonce))
	return x, err
}

// derive gives the AES-256-GCM that seals one message: its key is the CMAC of two blocks that hold the first half of
// the nonce (NIST SP 800-108, counter mode). GCM draws the second half itself and writes it before the ciphertext,
// which is the form that FIPS 140 approves.
func (x *xaes) derive(half []byte) (cipher.AEAD, error) {
	key := make([]byte, keySize)
	for i := range 2 {
		block := key[i*aes.BlockSize : (i+1)*aes.BlockSize]
		block[1], block[2] = byte(i+1), 'X'
		copy(block[4:], half)
		for j := range block {
			block[j] ^= x.k1[j]
		}
		x.block.Encrypt(block, block)
	}
	once, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(once)
}

// seal appends nonce, ciphertext and tag to dst, which must not overlap plain.
func (x *xaes) seal(dst, plain, aad []byte) ([]byte, error) {
	start := len(dst)
	dst = append(dst, make([]byte, halfNonce)...)
	_, _ = rand.Read(dst[start:]) // never fails: crypto/rand ends the process instead
	aead, err := x.derive(dst[start:])
	if err != nil {
		return nil, err
	}
	return aead.Seal(dst, nil, plain, aad), nil
}

// open returns the plain text in memory of its own, for a failure wipes what it wrote, and another key may have to be
// tried on sealed, which is at least a nonce and a tag long.
func (x *xaes) open(sealed, aad []byte) ([]byte, error) {
	aead, err := x.derive(sealed[:halfNonce])
	if err != nil {
		return nil, err
	}
	return aead.Open(nil, nil, sealed[halfNonce:], aad)
}
