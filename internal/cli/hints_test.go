// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/app/edit"
	"syncer.dev/syncer/internal/app/forges"
	"syncer.dev/syncer/internal/app/ondemand"
	"syncer.dev/syncer/internal/app/statusbranch"
	"syncer.dev/syncer/internal/capacity/sizing"
	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/exit"
	"syncer.dev/syncer/internal/cli/mistake"
	"syncer.dev/syncer/internal/cli/pipeline"
	"syncer.dev/syncer/internal/cli/presetfiles"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/git/advert"
	"syncer.dev/syncer/internal/git/limits"
	"syncer.dev/syncer/internal/git/remote"
	"syncer.dev/syncer/internal/git/revision"
	"syncer.dev/syncer/internal/git/signin"
	"syncer.dev/syncer/internal/git/smarthttp"
	"syncer.dev/syncer/internal/git/target"
	"syncer.dev/syncer/internal/hub"
	"syncer.dev/syncer/internal/page/session"
	"syncer.dev/syncer/internal/review/forgehttp"
	"syncer.dev/syncer/internal/source"
)

// refused is an error of a forge that refuses the token.
func refused() error {
	client := forgehttp.New(forgehttp.Options{})
	return client.Error("list", &forgehttp.StatusError{Code: http.StatusForbidden, Err: errors.New("403")})
}

// noForge is the error of a configuration without a forge.
func noForge() error {
	_, err := forges.Open(config.Default(), "test", nil)
	return err
}

// noNumber is the error of a step that runs on no pull request.
func noNumber() error {
	_, err := pipeline.Step{}.Complete(&config.Review{}, 0)
	return err
}

// hinted returns an error of every type that has a hint, by package and name.
func hinted() map[string]error {
	return map[string]error{
		"presetfiles.OfflineError":    presetfiles.OfflineError{Err: errors.New("no route")},
		"capacity.RefusedError":       sizing.Refused(diag.NoSizeFits, "resource.instanceType", "no size fits", "a hint"),
		"diag.Diagnostic":             diag.Errorf(diag.WrongType, "wrong").Suggest("a hint"), // its text has it
		"diag.redactedError":          diag.Redacted(&remote.RejectedError{Remedy: "a hint"}, strings.TrimSpace),
		"advert.SHA256Error":          advert.SHA256Error{},
		"signin.CredentialError":      &signin.CredentialError{Text: "protected", Remedy: "a hint"},
		"signin.AppError":             &signin.AppError{Status: 404, Message: "Not Found"},
		"smarthttp.BusyError":         &smarthttp.BusyError{Status: "429 Too Many Requests"},
		"smarthttp.NotGitError":       &smarthttp.NotGitError{},
		"git.TagSignatureError":       &git.TagSignatureError{Tag: "v1", Remedy: "a hint"},
		"target.NotServedError":       &target.NotServedError{Commit: strings.Repeat("0", 40)},
		"git.SignatureError":          &git.SignatureError{Path: "w", Remedy: "a hint"},
		"git.RewrittenError":          &git.RewrittenError{},
		"remote.RejectedError":        &remote.RejectedError{Branch: "main", Remedy: "a hint"},
		"remote.UnreachableError":     &remote.UnreachableError{Op: "push", Remedy: "a hint", Err: errors.New("no route")},
		"hub.EndpointError":           hub.EndpointError("not a URL"),
		"hub.StatusError":             &hub.StatusError{Code: 429},
		"remote.ShallowError":         &remote.ShallowError{},
		"revision.UnknownError":       &revision.UnknownError{Remedy: "a hint"},
		"edit.NoBranchError":          &edit.NoBranchError{Source: config.Source{Tag: "v1"}},
		"mistake.UnknownCommandError": &mistake.UnknownCommandError{Command: "get"},
		"mistake.FlagError":           flagError(newRoot(Stdio{}), errors.New("unknown flag: --x")),
		"statusbranch.MissingError":   &statusbranch.MissingError{Branch: "b"},
		"source.LinkError":            &source.LinkError{Path: "p"},
		"forgehttp.safeError":         refused(),
		"forges.setupError":           noForge(),
		"pipeline.Error":              noNumber(),
		"session.TooLongError":        &session.TooLongError{Length: 5000},
		"ondemand.PlainTokenError":    &ondemand.PlainTokenError{Address: "http://syncer"},
		"ondemand.UnreachableError":   &ondemand.UnreachableError{Err: errors.New("refused")},
		"source.MissingError":         source.Missing(fs.ErrNotExist, "a hint"),
		"limits.TooLargeError":        limits.TooLarge(limits.SettingPack, "a pack"),
		"answer.NoError":              answer.NoBut("a hint", "no"),
		"mistake.ArgumentsError":      &mistake.ArgumentsError{Command: "syncer tree", Use: "syncer tree NAME"},
	}
}

// TestEveryHintIsShown finds all types of errors that have a hint, and looks for it on the command line and in the log.
func TestEveryHintIsShown(t *testing.T) {
	known := hinted()
	for _, name := range typesWithHint(t) {
		err, ok := known[name]
		if !ok {
			t.Errorf("%s has a hint; add one to hinted", name)
			continue
		}
		hint := "a hint"
		switch name {
		case "hub.StatusError":
			hint = "with HF_TOKEN the limit is higher"
		case "hub.EndpointError":
			hint = hub.EndpointError("").Hint()
		case "presetfiles.OfflineError", "advert.SHA256Error", "signin.AppError", "smarthttp.BusyError",
			"smarthttp.NotGitError",
			"git.RewrittenError", "target.NotServedError":
			hint = any(err).(diag.Hinter).Hint()
		case "limits.TooLargeError", "mistake.FlagError", "mistake.UnknownCommandError",
			"remote.ShallowError", "edit.NoBranchError", "statusbranch.MissingError", "source.LinkError",
			"forgehttp.safeError", "forges.setupError", "pipeline.Error", "session.TooLongError",
			"ondemand.PlainTokenError", "ondemand.UnreachableError", "mistake.ArgumentsError":
			hint = diag.Hints(err)[0]
		}
		want := exit.Failure
		if name == "answer.NoError" {
			want = exit.No
		}
		for _, err := range []error{err, fmt.Errorf("sync: %w", err), errors.Join(errors.New("other"), err)} {
			var stderr, log bytes.Buffer
			if code := exit.Code(t.Context(), err, &stderr); code != want || strings.Count(stderr.String(), hint) != 1 {
				t.Errorf("%s: exit %d with %q, want the hint %q", name, code, stderr.String(), hint)
			}
			slog.New(diag.WithHints(slog.NewTextHandler(&log, nil))).
				Error("pass", "error", diag.Redacted(err, strings.TrimSpace))
			if strings.Count(log.String(), hint) != 1 {
				t.Errorf("%s: log %q, want the hint %q", name, log.String(), hint)
			}
		}
	}
}

// typesWithHint lists the types of the product that are errors and have a field or a method for a hint.
func typesWithHint(t *testing.T) []string {
	t.Helper()
	hints, errs := map[string]bool{}, map[string]bool{}
	for _, root := range []string{".", filepath.Join("..", "..", "internal")} {
		err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			for _, d := range file.Decls {
				note(file.Name.Name, d, hints, errs)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var out []string
	for name, has := range hints {
		if has && errs[name] {
			out = append(out, name)
		}
	}
	if len(out) < 5 {
		t.Fatalf("found only %v", out)
	}
	return out
}

// note records whether a declaration makes a type an error, or gives it a hint.
func note(pkg string, d ast.Decl, hints, errs map[string]bool) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			return
		}
		typ := d.Recv.List[0].Type
		if star, ok := typ.(*ast.StarExpr); ok {
			typ = star.X
		}
		if id, ok := typ.(*ast.Ident); ok {
			hints[pkg+"."+id.Name] = hints[pkg+"."+id.Name] || d.Name.Name == "Hint"
			errs[pkg+"."+id.Name] = errs[pkg+"."+id.Name] || d.Name.Name == "Error"
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			typ, ok := spec.(*ast.TypeSpec)
			if !ok {
				continue
			}
			body, ok := typ.Type.(*ast.StructType)
			if !ok {
				continue
			}
			for _, f := range body.Fields.List {
				for _, id := range f.Names {
					if strings.EqualFold(id.Name, "hint") {
						hints[pkg+"."+typ.Name.Name] = true
					}
				}
			}
		}
	}
}
