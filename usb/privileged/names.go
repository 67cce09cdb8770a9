package privileged

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// upper437 are the letters of code page 437 from 0x80 on, which short names of
// FAT are shown with.
const upper437 = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0"

// shortName shows the eleven bytes of a short name as the kernel does
// (fs/fat/dir.c, fat_parse_short): lower says which of base (0x08) and
// extension (0x10) are in lower case.
func shortName(raw []byte, lower byte) string {
	part := func(raw []byte, lower bool) string {
		letters := []rune(upper437)
		var b strings.Builder
		for _, c := range raw {
			switch {
			case c >= 0x80:
				b.WriteRune(letters[c-0x80])
			case lower && 'A' <= c && c <= 'Z':
				b.WriteByte(c + 'a' - 'A')
			default:
				b.WriteByte(c)
			}
		}
		return strings.TrimRight(b.String(), " ")
	}
	base := append([]byte(nil), raw[:8]...)
	if base[0] == 0x05 { // stands for 0xe5, which marks what was removed
		base[0] = 0xe5
	}
	name, extension := part(base, lower&0x08 != 0), part(raw[8:11], lower&0x10 != 0)
	if extension == "" {
		return name
	}
	return name + "." + extension
}

// longName shows UTF-16 as the kernel does with the mount option utf8 (lib:
// utf16s_to_utf8s): halves of a pair that stand alone are left out.
func longName(units []uint16) string {
	var b []byte
	for i := 0; i < len(units); i++ {
		r := rune(units[i])
		if utf16.IsSurrogate(r) {
			pair := rune(utf8.RuneError)
			if i+1 < len(units) {
				pair = utf16.DecodeRune(r, rune(units[i+1]))
			}
			if pair == utf8.RuneError {
				continue
			}
			r = pair
			i++
		}
		b = utf8.AppendRune(b, r)
	}
	return string(b)
}

// shown reports whether a mounted filesystem can show the name: the kernel
// gives no name that is empty or has a slash, and those of the folder itself
// and of the one above are taken for these.
func shown(name string) bool {
	return name != "" && name != "." && name != ".." && !strings.ContainsAny(name, "/\x00")
}
