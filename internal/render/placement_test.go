// SPDX-License-Identifier: Apache-2.0

package render

import (
	"reflect"
	"testing"
)

// TestPlacementEqual changes each field of a placement, so that none is left out of the comparison.
func TestPlacementEqual(t *testing.T) {
	one := Placement{Pool: "p", NodeLabels: map[string]string{"app": "phi"}}
	if !one.Equal(Placement{Pool: "p", NodeLabels: map[string]string{"app": "phi"}}) {
		t.Error("equal placements differ")
	}
	for i := range reflect.TypeFor[Placement]().NumField() {
		other := one
		switch f := reflect.ValueOf(&other).Elem().Field(i); f.Kind() {
		case reflect.Int:
			f.SetInt(7)
		case reflect.String:
			f.SetString("other")
		case reflect.Bool:
			f.SetBool(true)
		default:
			f.Set(reflect.ValueOf(map[string]string{"app": "llama"}))
		}
		if one.Equal(other) || other.Equal(one) {
			t.Errorf("%s makes no difference", reflect.TypeFor[Placement]().Field(i).Name)
		}
	}
}
