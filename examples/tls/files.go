package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io/fs"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// makeFiles makes what there has to be in the folder, unless it is there: an authority that is forgotten at once, and what it
// signs. It is for trying things out.
func makeFiles(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "server.pem")); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	authority, err := sign(dir, "ca", nil, &x509.Certificate{
		Subject: pkix.Name{CommonName: "An authority for trying it"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	if err != nil {
		return err
	}
	if _, err := sign(dir, "agent", authority, &x509.Certificate{
		URIs: []*url.URL{{Scheme: "spiffe", Host: "example.org", Path: "/agent"}}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}); err != nil {
		return err
	}
	_, err = sign(dir, "server", authority, &x509.Certificate{
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	return err
}

// signer is a certificate and its key.
type signer struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// sign makes a certificate that is good for a day, and writes it and its key. Without an authority it is one itself, whose key
// is not written.
func sign(dir, name string, by *signer, c *x509.Certificate) (*signer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	c.SerialNumber, c.NotBefore, c.NotAfter = big.NewInt(time.Now().UnixNano()), time.Now().Add(-time.Minute), time.Now().AddDate(0, 0, 1)
	self := by == nil
	if self {
		by = &signer{c, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, c, by.cert, &key.PublicKey, by.key)
	if err != nil {
		return nil, err
	}
	if !self {
		private, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			return nil, err
		}
		if err := write(filepath.Join(dir, name+"-key.pem"), "PRIVATE KEY", private); err != nil {
			return nil, err
		}
	}
	return &signer{c, key}, write(filepath.Join(dir, name+".pem"), "CERTIFICATE", der)
}

func write(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}
