package schema

// words says what a tag about the text of a value asks for: "an email address". It is empty for tags that this package
// does not know, which are then taken to look at more than the value.
func words(name, param string) string {
	switch name {
	case "startswith":
		return "text that starts with " + quote(param)
	case "endswith":
		return "text that ends with " + quote(param)
	case "contains":
		return "text that contains " + quote(param)
	case "containsany":
		return "text with one of the characters " + quote(param)
	case "containsrune":
		return "text with the character " + quote(param)
	case "excludes":
		return "text without " + quote(param)
	case "excludesall":
		return "text with none of the characters " + quote(param)
	case "excludesrune":
		return "text without the character " + quote(param)
	case "startsnotwith":
		return "text that does not start with " + quote(param)
	case "endsnotwith":
		return "text that does not end with " + quote(param)
	case "datetime":
		return "a date or time written as " + param
	}
	for _, w := range [...]func(string) string{addressWords, textWords, codeWords, digestWords} {
		if s := w(name); s != "" {
			return s
		}
	}
	return ""
}

func addressWords(name string) string {
	switch name {
	case "email":
		return "an email address"
	case "url":
		return "an absolute URL"
	case "http_url":
		return "an http or https URL"
	case "https_url":
		return "an https URL"
	case "uri":
		return "a URI"
	case "origin":
		return "a web origin"
	case "urn_rfc2141", "urn_rfc8141":
		return "a URN"
	case "ip", "ip_addr":
		return "an IP address"
	case "ipv4", "ip4_addr":
		return "an IPv4 address"
	case "ipv6", "ip6_addr":
		return "an IPv6 address"
	case "cidr", "cidrv4", "cidrv6":
		return "an IP range in CIDR form"
	case "tcp_addr", "tcp4_addr", "tcp6_addr", "udp_addr", "udp4_addr", "udp6_addr", "hostname_port":
		return "a host and port"
	case "port":
		return "a port number"
	case "mac":
		return "a MAC address"
	case "hostname", "hostname_rfc1123":
		return "a host name"
	case "hostname_label", "dns_rfc1035_label":
		return "one label of a host name"
	case "fqdn":
		return "a fully qualified domain name"
	case "datauri":
		return "a data URI"
	case "url_encoded":
		return "URL-encoded text"
	}
	return ""
}

func textWords(name string) string {
	switch name {
	case "alpha":
		return "ASCII letters only"
	case "alphaspace":
		return "ASCII letters and spaces only"
	case "alphanum":
		return "ASCII letters and digits only"
	case "alphanumspace":
		return "ASCII letters, digits and spaces only"
	case "alphaunicode":
		return "letters only"
	case "alphanumunicode":
		return "letters and digits only"
	case "ascii":
		return "ASCII characters only"
	case "printascii":
		return "printable ASCII characters only"
	case "multibyte":
		return "text with a character outside ASCII"
	case "lowercase":
		return "text without upper case letters, not empty"
	case "uppercase":
		return "text without lower case letters, not empty"
	case "boolean":
		return "true or false"
	case "numeric":
		return "a decimal number"
	case "number":
		return "digits only"
	case "hexadecimal":
		return "a hexadecimal number"
	case "latitude":
		return "a latitude from -90 to 90"
	case "longitude":
		return "a longitude from -180 to 180"
	case "json":
		return "JSON text"
	case "html":
		return "HTML"
	case "html_encoded":
		return "HTML-encoded text"
	case "base32", "base64", "base64url", "base64rawurl":
		return name + " text"
	}
	return ""
}

func codeWords(name string) string {
	switch name {
	case "uuid", "uuid_rfc4122", "uuid3", "uuid3_rfc4122", "uuid4", "uuid4_rfc4122", "uuid5", "uuid5_rfc4122", "uuid7":
		return "a UUID" + uuidVersion(name)
	case "ulid":
		return "a ULID"
	case "e164":
		return "a phone number in E.164 form, such as +14155550123"
	case "hexcolor", "rgb", "rgba", "hsl", "hsla", "cmyk", "iscolor":
		return "a colour"
	case "isbn", "isbn10", "isbn13", "issn", "cve", "ein", "ssn", "bic", "bic_iso_9362_2014", "jwt", "cron":
		return "a valid " + name
	case "semver":
		return "a semantic version"
	case "duration":
		return `a duration such as "1h30m"`
	case "timezone":
		return "a time zone name"
	case "mimetype":
		return "a MIME type"
	case "credit_card":
		return "a credit card number"
	case "luhn_checksum":
		return "a number with a valid Luhn checksum"
	case "mongodb":
		return "a MongoDB object id"
	case "mongodb_connection_string":
		return "a MongoDB connection string"
	case "eth_addr", "eth_addr_checksum", "btc_addr", "btc_addr_bech32":
		return "a wallet address"
	case "country_code", "iso3166_1_alpha2", "iso3166_1_alpha3", "iso3166_1_alpha_numeric", "iso3166_2",
		"eu_country_code", "iso3166_1_alpha2_eu", "iso3166_1_alpha3_eu", "iso3166_1_alpha_numeric_eu":
		return "a country code (" + name + ")"
	case "iso4217", "iso4217_numeric":
		return "a currency code (" + name + ")"
	case "bcp47_language_tag", "bcp47_strict_language_tag":
		return "a language tag"
	case "postcode_iso3166_alpha2":
		return "a postal code"
	case "spicedb":
		return "a SpiceDB name"
	}
	return ""
}

func digestWords(name string) string {
	switch name {
	case "md4", "md5", "sha256", "sha384", "sha512", "ripemd128", "ripemd160", "tiger128", "tiger160", "tiger192":
		return "a " + name + " digest in lower case hexadecimal"
	case "file", "dir", "filepath", "dirpath", "image":
		return "a path (" + name + ")"
	}
	return ""
}

func uuidVersion(name string) string {
	if len(name) > 4 && name[:4] == "uuid" && '0' <= name[4] && name[4] <= '9' {
		return " of version " + name[4:5]
	}
	return ""
}
