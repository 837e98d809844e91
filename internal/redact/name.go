// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

var (
	// secretWords are words of a name each of which says that the value is a secret.
	secretWords = words(`password passwords passwd passphrase pwd pass secret token credential credentials sas sig
		signature apikey accesskey accountkey privatekey secretkey sharedkey authtoken accesstoken clientsecret
		dockerconfigjson dockercfg connectionstring connstr cookie jwt assertion pat hftoken authkey`)
	// keyWords make a secret of the word "key" that follows them.
	keyWords = words(`api account access private secret signing encryption master storage primary secondary subscription
		shared license ssh deploy service auth session`)
	// about are last words that make the name one of something else: HF_TOKEN_PATH, secretName, SharedAccessKeyName.
	about = words(`path paths file files name names dir url uri host type ttl expiry expires expiration seconds minutes
		size count counts length limit enabled endpoint ref refs env index ids id parallelism mode issuer audience class
		provider store kind format version mount usage policy hint reason algorithm description port user username`)
	// quantities are words before "token" that speak of text, not of access.
	quantities = words(`eos bos pad unk sep cls mask image images audio video stop max min num per next prev first last
		end start think special each new prompt completion input output total draft`)
	// holders are words before "Secret" in a name such as clientSecret; other such names refer to a Secret by its name.
	holders = words(`client app application shared consumer webhook oauth api jwt hmac session cookie signing root bot`)
)

func words(s string) []string { return strings.Fields(s) }

// SecretName reports whether a name says that its value is a secret: of a variable, a key, a flag or a field.
func SecretName(name string) bool {
	if i := strings.LastIndexAny(strings.TrimRight(name, "./"), "./"); i >= 0 {
		name = name[i+1:] // of a path, or of a qualified name
	}
	parts, camel := split(name)
	if len(parts) == 0 || slices.Contains(about, parts[len(parts)-1]) {
		return false
	}
	for i := range parts {
		if secretPart(parts, i, camel) {
			return true
		}
	}
	return false
}

// secretPart reports whether one word of a name says that the value is a secret. Words around it may say otherwise.
func secretPart(parts []string, i int, camel bool) bool {
	before, last := "", i == len(parts)-1
	if i > 0 {
		before = parts[i-1]
	}
	switch p := parts[i]; p {
	case "token":
		return !slices.Contains(quantities, before)
	case "secret": // imagePullSecret is the name of one
		return !camel || before == "" || !last || slices.Contains(holders, before)
	case "pass", "pat": // PASS_THROUGH
		return before != "" || last
	case "key":
		return slices.Contains(keyWords, before)
	default:
		return slices.Contains(secretWords, p)
	}
}

// refers reports whether the value at a name is the name of a Secret.
func refers(name string) bool {
	parts, camel := split(name[strings.LastIndexAny(name, "./")+1:])
	return camel && !SecretName(name) && (slices.Contains(parts, "secret") || slices.Contains(parts, "secrets"))
}

// pasted reports whether a value that should be the name of an object cannot be one, and may be a secret instead.
func pasted(v string) bool {
	return len(v) >= 12 && !placeholder(v) && !objectName.MatchString(v) && !strings.ContainsAny(v, " \t\n")
}

// split returns the words of a name in lower case, without numbers at their ends, and whether it is written in camel
// case.
func split(name string) (parts []string, camel bool) {
	var word []rune
	end := func() {
		if w := strings.TrimRight(strings.ToLower(string(word)), "0123456789"); w != "" {
			parts = append(parts, w)
		}
		word = word[:0]
	}
	all := []rune(name)
	for i, r := range all {
		switch {
		case r == '_' || r == '-' || r == ' ':
			end()
			continue
		case i > 0 && unicode.IsUpper(r) && (unicode.IsLower(all[i-1]) ||
			unicode.IsUpper(all[i-1]) && i+1 < len(all) && unicode.IsLower(all[i+1])):
			camel = camel || unicode.IsLower(all[i-1])
			end()
		}
		word = append(word, r)
	}
	end()
	return parts, camel
}

var (
	reference = regexp.MustCompile(
		`^\\?(\$\(.*|\$\{.*|\$\\?[A-Z_][A-Z0-9_]*|\$[0-9]|\{\{.*|<[^>]*>|%[sqvd]|\*{3,}.*|\[redacted\].*|@@.*)$`,
	)
	folder = regexp.MustCompile(`^/(var|etc|run|mnt|tmp|home|dev|secrets?|root|opt|usr|workspace|data)/`)
	word   = regexp.MustCompile(`^[("]?([A-Za-z]?[a-z'-]*|[0-9]{1,5})[.,:;!?)"]*$`)
	// objectName is a name of Kubernetes, as far as the letters go.
	objectName = regexp.MustCompile(`^[a-z0-9.-]*$`)
	plain      = words(`true false null nil none yes no on off`)
)

// placeholder reports whether a value only refers to a secret, or is none: empty, a switch, or a small number.
func placeholder(v string) bool {
	if len(v) > 256 {
		return false
	}
	v = strings.TrimRight(v, ".,;)]}")
	return v == "" || reference.MatchString(v) || folder.MatchString(v) || slices.Contains(plain, strings.ToLower(v)) ||
		len(v) <= 2 && strings.Trim(v, "0123456789") == ""
}

// ordinary reports whether a value looks like a word of a sentence.
func ordinary(v string) bool { return word.MatchString(v) }
