// SPDX-License-Identifier: Apache-2.0

package sizes

import (
	"context"
	"errors"
	"fmt"
	"io"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/catalog"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/source"
)

// Question is what the user asks for, in the words of the command line.
type Question struct {
	Path, Preset, Tune   string // a PATH, or a preset and how to tune it
	InstanceType, Compat string
	Output               string // the form of the answer
	Context              int    // longest sequence, in tokens
	All                  bool   // show the alternatives of several Workspaces too
	Why                  string // a size to judge
	Nodes, MIG           string // existing nodes, for KAITO's arithmetic
	GPUs                 int    // usable ones of an existing node
}

// Check refuses a Question that contradicts itself. The Output is not looked at.
func (q Question) Check() error {
	switch {
	case (q.Path == "") == (q.Preset == ""):
		return errors.New("give either a PATH or --preset")
	case q.Compat != "" && q.Compat != "kaito":
		return fmt.Errorf("--compat %q is not known; use kaito", q.Compat)
	case q.Compat == "" && (q.Nodes != "" || q.MIG != "" || q.GPUs != 0):
		return errors.New("--nodes, --mig and --gpus are for --compat kaito")
	case q.GPUs != 0 && q.Nodes == "" && q.MIG == "":
		return errors.New("--gpus needs --nodes")
	case q.Why != "" && (q.Compat != "" || q.InstanceType != ""):
		return errors.New("--why excludes --compat and --instance-type")
	case q.Tune != "" && q.Tune != string(preset.LoRA) && q.Tune != string(preset.QLoRA):
		return fmt.Errorf("--tune %q is not one of lora, qlora", q.Tune)
	case q.Context < 0:
		return errors.New("--context-length must not be negative")
	}
	return nil
}

// Print sizes the Workspaces or the preset, or judges one size for them, and prints the answers on out, and
// warnings about files on talk. The error is an answer.NoError if anything has no size, or the size is refused.
func (q Question) Print(ctx context.Context, offline source.Reader, out, talk io.Writer) error {
	list, err := source.ReadPrices(offline.Config.Capacity.Prices)
	if err != nil {
		return err
	}
	request, err := q.request(offline, talk)
	if err != nil {
		return err
	}
	if q.Why != "" {
		return q.judge(ctx, offline, request, out)
	}
	items, err := q.answer(ctx, offline, request, talk)
	if err != nil {
		return err
	}
	answers := answer.Sizes{Items: items, All: q.All, Date: list.Date()}
	if err := q.print(out, answers); err != nil {
		return err
	}
	if refused := answers.Refused(); refused > 0 {
		return answer.No("no size for %d of %s", refused, answer.Plural(len(items), "request"))
	}
	return nil
}

// request returns what the options ask for.
func (q Question) request(offline source.Reader, talk io.Writer) (Request, error) {
	r := Request{
		Path:         q.Path,
		Method:       preset.Method(q.Tune),
		InstanceType: q.InstanceType,
		Context:      q.Context,
		Existing:     Existing{Nodes: q.Nodes, MIG: q.MIG, GPUs: q.GPUs},
	}
	if q.Preset == "" {
		return r, nil
	}
	models, problems, err := catalog.With(offline.PresetsOf(offline.SourceFolders([]string{"."})[0]))
	for _, p := range problems {
		fmt.Fprintln(talk, diag.EscapeText(p.Error()))
	}
	if err != nil {
		return r, err
	}
	p, err := catalog.Find(models, q.Preset)
	r.Preset = &p
	return r, err
}

// answer sizes each request, and says the warnings about files.
func (q Question) answer(
	ctx context.Context, offline source.Reader, r Request, talk io.Writer,
) ([]answer.Size, error) {
	if q.Compat == "kaito" {
		return ByKAITO(offline, r)
	}
	items, warnings, err := Answer(ctx, offline, r)
	for _, w := range warnings {
		fmt.Fprintln(talk, diag.EscapeText(w.String()))
	}
	return items, err
}

// judge prints the verdict on one size for each request. A no makes the exit code 1.
func (q Question) judge(ctx context.Context, offline source.Reader, r Request, out io.Writer) error {
	s, hint, ok := capacity.FindSize(q.Why)
	if !ok {
		return answer.No("size %s is not known; %s", q.Why, hint)
	}
	answers, err := Why(ctx, offline, r, s)
	if err != nil {
		return err
	}
	if err := q.print(out, answers); err != nil {
		return err
	}
	if refused := answers.Refused(); refused > 0 {
		return answer.No("%s is refused for %d of %s", s.Name, refused, answer.Plural(len(answers), "request"))
	}
	return nil
}

// printable is an answer with its forms.
type printable interface {
	Print(w io.Writer) error
	Document() any
	Names() []string
}

// print prints answers in the form of -o.
func (q Question) print(out io.Writer, answers printable) error {
	table := func() error { return answers.Print(out) }
	return answer.PrintAs(out, q.Output, answers.Document(), answers.Names(), table)
}
