package render

import (
	"context"
	"fmt"
	"syscall"
	"testing"
)

func cpu() float64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

func TestDbg(t *testing.T) {
	c, _ := builtin(t)
	jobs := fleet(c, 1000, 1)
	for range 3 {
		r, _ := New(c, NewCache())
		a := cpu()
		for _, j := range jobs {
			r.Render(context.Background(), j.w, j.preset, j.at, j.o)
		}
		b := cpu()
		r, _ = New(c, &Cache{begun: recent[[]byte]{max: 10000}, shapes: recent[shape]{max: 10000}, bundles: recent[kept]{max: 1}})
		for _, j := range jobs {
			r.Render(context.Background(), j.w, j.preset, j.at, j.o)
		}
		d := cpu()
		for _, j := range jobs {
			r.Render(context.Background(), j.w, j.preset, j.at, j.o)
		}
		e := cpu()
		r, _ = New(c, nil)
		for _, j := range jobs[:50] {
			r.Render(context.Background(), j.w, j.preset, j.at, j.o)
		}
		f := cpu()
		fmt.Printf("cold cpu %.2fs, filling %.2fs; kustomize %.1fms each\n", b-a, e-d, (f-e)*20)
	}
	r, _ := New(c, NewCache())
	for _, tt := range goldenCases() {
		p, _ := c.Lookup(tt.w.PresetName())
		_, a := r.cache.count()
		r.Render(context.Background(), tt.w, p, tt.at, tt.o)
		if _, a2 := r.cache.count(); a2 > a {
			fmt.Println("alone", tt.name)
		}
	}
}
