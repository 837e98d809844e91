// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"strings"
	"unicode"
)

// wordSet is what a text has of sets of words, in any case: at least one word of each set. Most texts have none, and
// cost one look.
type wordSet uint64

const (
	hasSecret wordSet = 1 << iota
	hasPEM
	hasEncoded
	hasURL
	hasUser
	hasHeader
	hasName
	hasFlag
	hasSeparator
	hasSecretName
	hasForm
	hasShape // the hint of the first of shapes; those of the others follow
)

// ofShape is that the text has the hint of one of shapes.
func ofShape(i int) wordSet { return hasShape << i }

// hints are in lower case.
var hints = map[wordSet][]string{
	hasSecret:    {"secret"},
	hasPEM:       {"-----begin"},
	hasEncoded:   {"ls0tls1crud", "eyjhdxro"},
	hasURL:       {"://"},
	hasUser:      {"@"},
	hasHeader:    {"authorization", "bearer", "basic", "shared", "negotiate"},
	hasName:      {"name"},
	hasFlag:      {"--", " -"},
	hasSeparator: {"=", ":"},
	// A name that says that its value is a secret has one of these in it.
	hasSecretName: {
		"pass", "pwd", "secret", "token", "credential", "sas", "sig", "key", "docker", "conn", "cookie", "jwt", "assertion",
		"pat", "code", "auth", "session", "ticket", "otp",
	},
}

// look returns what of the hints a text has.
func look(s string) (has wordSet) {
	for i := range len(s) {
		if s[i] >= 0x80 { // the lower case of other letters may be ASCII
			s = strings.ToLower(s)
			break
		}
	}
	kinds, next, found := &finder.kinds, finder.next, finder.found
	var at state
	for i := range len(s) {
		at = next[at<<kindBits|state(kinds[s[i]])]
		has |= found[at]
	}
	return has
}

// state of a search is how much of hints the text so far ends with. The first one is nothing.
type state uint16

// kindBits is the logarithm of how many kinds of bytes there may be.
const kindBits = 6

// automaton finds words in one pass over a text, by the algorithm of Aho and Corasick.
type automaton struct {
	kinds [256]uint8 // of each byte in any case; 0 for those of no word
	next  []state    // by state and kind
	found []wordSet  // by state
}

var finder = newAutomaton(allHints())

// allHints returns the words of all rules, and of which rules each is one.
func allHints() map[string]wordSet {
	all := map[string]wordSet{}
	for set, words := range hints {
		for _, w := range words {
			all[w] |= set
		}
	}
	for i, s := range shapes {
		all[s.hint] |= hasForm | ofShape(i)
	}
	return all
}

// newAutomaton finds words in lower case.
func newAutomaton(words map[string]wordSet) *automaton {
	a := &automaton{}
	a.add()
	kinds := state(0)
	for w, set := range words { // a tree
		at := state(0)
		for _, c := range []byte(w) {
			if a.kinds[c] == 0 {
				kinds++
				a.kinds[c], a.kinds[unicode.ToUpper(rune(c))] = uint8(kinds), uint8(kinds)
			}
			step := at<<kindBits | state(a.kinds[c])
			if a.next[step] == 0 {
				a.next[step] = a.add()
			}
			at = a.next[step]
		}
		a.found[at] |= set
	}
	// Where no word goes on, the search goes on with the longest end of the text that a word begins with.
	shorter := make([]state, len(a.found))
	for queue := []state{0}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		a.found[at] |= a.found[shorter[at]]
		for kind := state(1); kind <= kinds; kind++ {
			other, step := state(0), at<<kindBits|kind
			if at != 0 {
				other = a.next[shorter[at]<<kindBits|kind]
			}
			if is := a.next[step]; is != 0 {
				shorter[is] = other
				queue = append(queue, is)
			} else {
				a.next[step] = other
			}
		}
	}
	return a
}

// add adds a state.
func (a *automaton) add() state {
	a.next, a.found = append(a.next, make([]state, 1<<kindBits)...), append(a.found, 0)
	return state(len(a.found) - 1)
}
