// SPDX-License-Identifier: Apache-2.0

package suspend

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"syncer.dev/syncer/internal/app/edit"
	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/scaffold"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/source"
)

// Change writes or removes the file of a document.
type Change struct {
	Config   config.Config
	Document scaffold.Suspend
	Remove   bool
}

// name is the path of the file in the repository.
func (c Change) name() string {
	return path.Join(c.Config.Source.Path, scaffold.SuspendFolder, c.Document.File())
}

// done says what was done to the file.
func (c Change) done() string {
	if c.Remove {
		return "removed " + c.name()
	}
	return "wrote " + c.name()
}

// Here changes the file in the repository of the working folder. It returns what was done, and what is left to do.
func (c Change) Here() (done, next string, err error) {
	root, _, err := source.RepositoryOf(".")
	if err != nil {
		return "", "", fmt.Errorf("find the repository: %w", err)
	}
	file := filepath.Join(root, filepath.FromSlash(c.name()))
	if c.Remove {
		err = os.Remove(file)
		if errors.Is(err, fs.ErrNotExist) {
			err = answer.No("%s does not exist: nothing was suspended by it", c.name())
		}
	} else {
		err = write(file, c.Document.YAML())
	}
	if err != nil {
		return "", "", err
	}
	return c.done(), whenItCounts(c.Config.Source), nil
}

// write writes a file, through no link of the repository.
func write(file, text string) error {
	if err := source.CheckLinks(file); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o644)
}

// whenItCounts says what is left to do with a change in the working folder.
func whenItCounts(s config.Source) string {
	switch {
	case s.Commit != "":
		return "It counts once source.commit names a commit that has it."
	case s.Tag != "":
		return "It counts once tag " + s.Tag + " names a commit that has it. Commit it, and move the tag."
	}
	return "It counts once it is on branch " + s.Branch + ". Commit it, and push."
}

// Push changes the file on the branch of source.url, by a commit of the author. It returns what was done.
func (c Change) Push(ctx context.Context, author config.Author) (done string, err error) {
	branch := c.Config.Source.Branch
	tip, err := edit.Push(ctx, c.Config, edit.File{
		Folder: scaffold.SuspendFolder, Name: c.Document.File(), Text: c.text(), Message: c.message(), Author: author,
	})
	switch {
	case errors.Is(err, edit.ErrNothingToChange):
		return "", answer.No("%s: nothing to change on branch %s", c.name(), branch)
	case err != nil:
		return "", err
	}
	return fmt.Sprintf("%s on branch %s by commit %s", c.done(), branch, tip.Short()), nil
}

// text is the content of the file; nil removes it.
func (c Change) text() []byte {
	if c.Remove {
		return nil
	}
	return []byte(c.Document.YAML())
}

func (c Change) message() string {
	what := cmp.Or(c.Document.Name, "everything")
	if c.Remove {
		return "Resume " + what + "\n"
	}
	return fmt.Sprintf("Suspend %s: %s\n", what, c.Document.Reason)
}

// Author returns the person whom Git knows by the environment, or otherwise.
func Author(env func(string) (string, bool), otherwise config.Author) config.Author {
	person := func(variable, otherwise string) string {
		if v, ok := env(variable); ok && v != "" {
			return v
		}
		return otherwise
	}
	return config.Author{
		Name: person("GIT_AUTHOR_NAME", otherwise.Name), Email: person("GIT_AUTHOR_EMAIL", otherwise.Email),
	}
}
