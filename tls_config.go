package fastmcp

import "time"

// TLSConfig is how an App that listens proves who it is, and has its clients prove it. Files are PEM. They are read when the
// App begins to listen, where what is wrong with them is an error, and again when they have changed: a certificate is renewed
// by writing its files, without a restart.
type TLSConfig struct {
	// CertFile has the server's certificate, and those between it and its root behind it; KeyFile has its private key.
	// Default: none, and no TLS.
	CertFile, KeyFile string
	// ClientCAs is a file with the certificates of those who vouch for clients. A client must then show a certificate of
	// theirs, or the handshake fails (mutual TLS); with auth.Certificate who it says that it is becomes the principal.
	// Default: none, and clients are not asked.
	ClientCAs string
	// ClientOptional lets in clients that show no certificate, such as those with a token. One that is shown must still be
	// right. Default: false.
	ClientOptional bool
	// MinVersion is the oldest version that is spoken: tls.VersionTLS12 or tls.VersionTLS13. Older ones are an error (RFC
	// 8996). Default: TLS 1.2.
	MinVersion uint16
	// Reload is how often the files are looked at, when somebody connects. What is then wrong with them is logged, and the
	// ones before go on. Default: 30 s; negative: never.
	Reload time.Duration
}

func (c *TLSConfig) setDefaults() {
	fallback(&c.MinVersion, 0x0303) // 1.2; crypto/tls has the names, and is not for js/wasm
	fallback(&c.Reload, 30*time.Second)
}

// isSet tells that there is to be TLS.
func (c *TLSConfig) isSet() bool { return c.CertFile != "" || c.KeyFile != "" || c.ClientCAs != "" }
