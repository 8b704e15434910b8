package storage

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/parley-cx/parley/internal/domain"
)

// noon is the business time of the tests.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// made gives a value in which every field, at every depth, is set and unlike
// all others; another round gives other values everywhere.
func made[T any](round int) T {
	var v T
	f := filler{round: round, next: round * 1000}
	f.fill(reflect.ValueOf(&v).Elem(), "")
	return v
}

type filler struct{ round, next int }

func (f *filler) fill(v reflect.Value, name string) {
	f.next++
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(noon.Add(time.Duration(f.next) * time.Millisecond)))
	case v.Type() == reflect.TypeFor[domain.Scope]():
		v.SetString(fmt.Sprintf("scope:%d", f.next))
	case v.Kind() == reflect.String && identifies(v.Type(), name):
		v.SetString(domain.NewID[string]())
	case v.Kind() == reflect.String:
		v.SetString(fmt.Sprintf("%s %d ü", name, f.next))
	case v.Kind() == reflect.Bool:
		v.SetBool(f.round%2 == 1)
	case v.CanInt():
		v.SetInt(int64(f.next))
	case v.CanFloat():
		v.SetFloat(float64(f.next) + 0.5)
	default:
		f.fillInside(v, name)
	}
}

func (f *filler) fillInside(v reflect.Value, name string) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem(), name)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 3, 3))
		for i := range v.Len() {
			if v.Type().Elem().Kind() == reflect.Uint8 {
				v.Index(i).SetUint(uint64(f.next+i) % 256)
				continue
			}
			f.fill(v.Index(i), name)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 2 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			f.fill(key, name)
			f.fill(value, name)
			v.SetMapIndex(key, value)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f.fill(v.Field(i), v.Type().Field(i).Name)
		}
	default:
		panic("cannot fill a " + v.Type().String())
	}
}

// identifies tells whether a string must be an identifier, by its type or its name.
func identifies(t reflect.Type, name string) bool {
	if t.PkgPath() != "" {
		return strings.HasSuffix(t.Name(), "ID")
	}
	return strings.HasSuffix(name, "ID") || name == "InReplyTo" || name == "ResendOf" || name == "ResentAs"
}

// copyFields gives to the fields of another value of the same type.
func copyFields(to, from any, names ...string) {
	target, source := reflect.ValueOf(to).Elem(), reflect.ValueOf(from).Elem()
	for _, name := range names {
		target.FieldByName(name).Set(source.FieldByName(name))
	}
}

// differences names the fields in which two values of one struct type differ.
func differences(got, want any) []string {
	var found []string
	g, w := reflect.ValueOf(got), reflect.ValueOf(want)
	for i := range g.NumField() {
		if a, b := g.Field(i), w.Field(i); !reflect.DeepEqual(a.Interface(), b.Interface()) {
			found = append(found, fmt.Sprintf("%s is %s, want %s", g.Type().Field(i).Name, plainly(a), plainly(b)))
		}
	}
	return found
}

func plainly(v reflect.Value) string {
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	return fmt.Sprintf("%+v", v.Interface())
}

// same fails the test where two values differ.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	for _, d := range differences(got, want) {
		t.Errorf("%s: %s", what, d)
	}
}
