package escape

// XML writes a text as the value of an element or an attribute of XML. What that cannot represent
// becomes U+FFFD: "Extensible Markup Language (XML) 1.0", 2.2 Characters. Package encoding/xml
// would cost every command start-up time.
func XML(text string) string {
	b := make([]byte, 0, len(text))
	for _, r := range text {
		switch r {
		case '&':
			b = append(b, "&amp;"...)
		case '<':
			b = append(b, "&lt;"...)
		case '>':
			b = append(b, "&gt;"...)
		case '"':
			b = append(b, "&#34;"...)
		case '\'':
			b = append(b, "&#39;"...)
		case '\t':
			b = append(b, "&#9;"...)
		case '\n':
			b = append(b, "&#10;"...)
		case '\r':
			b = append(b, "&#13;"...)
		default:
			if r < ' ' || r == 0xFFFE || r == 0xFFFF {
				r = 0xFFFD
			}
			b = append(b, string(r)...)
		}
	}
	return string(b)
}
