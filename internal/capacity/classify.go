// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// Classify returns the Class of an error by Azure's code and message. The code alone does not suffice:
// OperationNotAllowed stands for a lock that passes in a minute, for an exhausted quota, and for a pool with a pending
// deletion. A code that the table does not have is ClassUnknown, unless the message has words or a code that it has.
func Classify(code, message string) Class { return Meaning(code, message).Class }

// Meaning returns the row of the table for Azure's code and message: of the code itself, of the words, or of the code
// inside the message of a wrapper. Without any it returns a row of ClassUnknown.
func Meaning(code, message string) Answer {
	text := strings.ToLower(message)
	own, known := firstAnswer(code, text)
	if known && (len(own.Words) > 0 || !slices.Contains(general, code)) {
		return own
	}
	if a, ok := firstAnswer("", text); ok {
		return a
	}
	if inner := innerCode(message, slices.Contains(wrappers, code)); inner != "" && inner != code {
		return Meaning(inner, message)
	}
	switch {
	case known:
		return own
	case driverExit.MatchString(message):
		return Answer{Code: code, Class: ClassNode, Source: fromNodes}
	}
	return Answer{Code: code, Class: ClassUnknown}
}

// firstAnswer returns the first row for a code that is not empty, or else for the words of a message in lower case.
func firstAnswer(code, text string) (Answer, bool) {
	i := slices.IndexFunc(answers, func(a Answer) bool { return a.fits(code, text) })
	if i < 0 {
		return Answer{}, false
	}
	return answers[i], true
}

// driverExit matches the exit codes of AKS's node script for a failed GPU driver: 83 to 88.
var driverExit = regexp.MustCompile(`(?i)\bexit (?:status|code)[ =:]*8[3-8]\b`)

// inside lists the codes that innerCode searches for, in the order of the table. General codes come last, as other
// words than codes may be spelled like them.
var inside = func() []string {
	var specific []string
	for _, a := range answers {
		if a.Code != "" && !slices.Contains(general, a.Code) && !slices.Contains(specific, a.Code) {
			specific = append(specific, a.Code)
		}
	}
	return specific
}()

// codeInText matches a code in the words of a wrapper, such as Code="AllocationFailed" and {\"code\":\"BadRequest\"}.
var codeInText = regexp.MustCompile(`(?i)\bcode\\*["']?\s*[:=]\s*\\*["']?([A-Za-z][A-Za-z0-9_]{2,79})\b`)

// innerCode returns the code that a message names: one that the table has, anywhere in the message, or else the last
// one that is marked as a code. Only a wrapper has the latter.
func innerCode(message string, wrapper bool) string {
	for _, code := range inside {
		if i := strings.Index(message, code); i >= 0 && !word(message, i-1) && !word(message, i+len(code)) {
			return code
		}
	}
	if !wrapper {
		return ""
	}
	found := codeInText.FindAllStringSubmatch(message, -1)
	for i := len(found) - 1; i >= 0; i-- {
		if code := found[i][1]; !slices.Contains(wrappers, code) {
			return code
		}
	}
	if strings.Contains(message, "OperationNotAllowed") {
		return "OperationNotAllowed"
	}
	return ""
}

// word reports whether the byte at i continues a word.
func word(s string, i int) bool {
	return i >= 0 && i < len(s) && (s[i] >= 'a' && s[i] <= 'z' || s[i] >= 'A' && s[i] <= 'Z' || s[i] == '_')
}

// ErrorDetail is an error in Azure's format, with the errors that it wraps.
type ErrorDetail struct {
	Code    string        `json:"code"`
	Message string        `json:"message"`
	Details []ErrorDetail `json:"details"`
	// Inner is the error of the service behind the one that answers. Some services put other things there, which are
	// ignored.
	Inner *ErrorDetail `json:"innererror"`
}

// UnmarshalJSON decodes an error field by field, so that a field of another type than documented does not hide the
// rest.
func (e *ErrorDetail) UnmarshalJSON(data []byte) error {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	*e = ErrorDetail{}
	for key, value := range raw {
		switch strings.ToLower(key) {
		case "code":
			_ = json.Unmarshal(value, &e.Code) // "" for another type
		case "message":
			_ = json.Unmarshal(value, &e.Message)
		case "details":
			_ = json.Unmarshal(value, &e.Details)
		case "innererror", "error":
			var inner ErrorDetail
			if json.Unmarshal(value, &inner) == nil {
				e.Inner = &inner
			}
		}
	}
	return nil
}

// Root returns the code and message of the error inside the wrappers: the first of the details and inner errors whose
// meaning is known, or the code that the message names. It returns the message of a wrapper only if the inner error has
// none. An inner code that is not known is returned too, so that it is reported by its name.
func (e ErrorDetail) Root() (code, message string) {
	wrapper := e.Code == "" || slices.Contains(wrappers, e.Code)
	if own := Meaning(e.Code, e.Message); !wrapper && own.Class.decisive() && !vague(e, own) {
		return e.Code, e.Message
	}
	inner := slices.Clone(e.Details)
	if e.Inner != nil {
		inner = append(inner, *e.Inner)
	}
	named := ErrorDetail{}
	for _, d := range inner {
		code, message := d.Root()
		if message == "" {
			message = e.Message
		}
		if Classify(code, message).decisive() {
			return code, message
		}
		if named.Code == "" && code != "" {
			named = ErrorDetail{Code: code, Message: message}
		}
	}
	switch found := innerCode(e.Message, wrapper); {
	case found != "" && (wrapper || Classify(found, e.Message).decisive()):
		return found, e.Message
	case wrapper && named.Code != "":
		return named.Code, named.Message
	}
	return e.Code, e.Message
}

// vague reports whether an error has a general code, and no words that say more.
func vague(e ErrorDetail, own Answer) bool {
	return slices.Contains(general, e.Code) && own.Code == e.Code && len(own.Words) == 0
}

// decisive reports whether the class says what is wrong.
func (c Class) decisive() bool { return c != ClassTransient && c != ClassUnknown }
