// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// page reads one page of a list.
type page struct {
	source *source
	parser *parser
	wanted Fields
	yield  func(*unstructured.Unstructured) error

	kind, version string // of the list
	metadata      map[string]any
	read          []string         // its own fields that were read, such as "items"
	early         []map[string]any // items that the server has sent before the kind of the list
}

// readPage calls yield for each item of a list, and returns the metadata of the list. An item of a list of a built-in
// kind does not name its kind: it is that of the list. What yield gets is made of what is lent: see Resource.List.
func readPage(r io.Reader, wanted Fields, yield func(*unstructured.Unstructured) error) (map[string]any, error) {
	s, done := newSource(r)
	defer done()
	p := &page{source: s, parser: parsers.Get().(*parser), wanted: wanted, yield: yield}
	defer p.parser.done()
	err := p.fields()
	if err == nil {
		err = p.check()
	}
	if err != nil {
		return nil, fmt.Errorf("read a list: %w", err)
	}
	return p.metadata, nil
}

// check returns an error for what is no list, an error of the server for example: it does not say that there are none.
func (p *page) check() error {
	if !slices.Contains(p.read, "items") || p.kind == "" {
		return errors.New("it has no items, or no kind")
	}
	_, err := schema.ParseGroupVersion(p.version)
	return err
}

func (p *page) fields() error {
	if err := p.source.try(p.parser, func() error { return p.parser.take('{') }); err != nil {
		return err
	}
	for first := true; ; first = false {
		var key string
		var more bool
		err := p.source.try(p.parser, func() (err error) {
			if more, err = p.parser.more(first, '}'); err != nil || !more {
				return err
			}
			key, err = p.parser.name()
			return err
		})
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if err := p.field(key); err != nil {
			return err
		}
	}
	for _, item := range p.early {
		if err := p.item(item); err != nil {
			return err
		}
	}
	return p.source.end(p.parser)
}

// field reads a field of the list. None of its own may be there twice: objects are handed on before the second one.
func (p *page) field(key string) error {
	switch key {
	case "kind", "apiVersion", "metadata", "items":
		if slices.Contains(p.read, key) {
			return fmt.Errorf("it has %s twice", key)
		}
		p.read = append(p.read, key)
	}
	if key == "items" {
		return p.items()
	}
	var value any
	err := p.source.try(p.parser, func() (err error) {
		value, err = p.parser.value(nil)
		return err
	})
	switch key {
	case "kind":
		p.kind, _ = value.(string)
	case "apiVersion":
		p.version, _ = value.(string)
	case "metadata":
		p.metadata, _ = value.(map[string]any)
	}
	return err
}

func (p *page) items() error {
	null := false
	err := p.source.try(p.parser, func() error {
		c, err := p.parser.next()
		if null = err == nil && c == 'n'; null {
			return p.parser.word("null")
		}
		return p.parser.take('[')
	})
	if err != nil || null {
		return err
	}
	early := p.kind == "" || p.version == ""
	lent := &p.parser.lent
	lent.on = !early
	defer func() { lent.on = false }()
	for first := true; ; first = false {
		var item map[string]any
		var more bool
		err := p.source.try(p.parser, func() (err error) {
			lent.back() // a first try may have ended with the data
			if more, err = p.parser.more(first, ']'); err == nil && more {
				item, err = p.parser.objectOrNull(p.wanted)
			}
			return err
		})
		if err != nil || !more {
			return err
		}
		if early {
			p.early = append(p.early, item)
			continue
		}
		if err := p.item(item); err != nil {
			return err
		}
	}
}

func (p *page) item(item map[string]any) error {
	u := &unstructured.Unstructured{Object: item}
	if item == nil {
		u.Object = map[string]any{}
	}
	if u.GetKind() == "" && u.GetAPIVersion() == "" {
		u.Object["kind"], u.Object["apiVersion"] = strings.TrimSuffix(p.kind, "List"), p.version
	}
	return p.yield(u)
}
