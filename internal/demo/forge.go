// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/testenv/giteatest"
)

// buildTime is what gitea/README.md has measured.
const buildTime = "about 3 minutes of CPU time, once"

// forge moves the repository to a forge, and takes a change through a pull request: syncer comments on it, a user
// merges it, and the commit status follows.
func (d *demo) forge(ctx context.Context) (err error) {
	if os.Getenv("SYNCER_GITEA") == "off" {
		fmt.Println("    SYNCER_GITEA=off leaves this step out")
		return nil
	}
	if exec.CommandContext(ctx, filepath.Join(d.root, "gitea", "build"), "check").Run() != nil {
		fmt.Println("    the forge, a Gitea server, is not built. To see this step, run: make gitea demo")
		fmt.Printf("    That builds it (%s). The demo goes on without this step.\n", buildTime)
		return nil
	}
	defer caught(&err)
	server := giteatest.Start(d)
	ann, bot := server.User("ann"), server.User("syncer-bot")
	models := ann.Repository("models")
	models.Admit(bot)
	models.Git("fetch", "-q", d.repo, gittest.Main+":"+gittest.Main, statusBranch+":"+statusBranch)
	models.Remove("Remove the file that is broken", "workspaces/broken.yaml")
	models.Push(gittest.Main)
	models.Push(statusBranch)
	fmt.Printf("    Gitea at %s, the repository is %s, without the broken file\n", server.URL, models.Path())

	followed := d.env
	defer func() { d.env = followed }()
	if err := d.follow(models, bot, server); err != nil {
		return err
	}
	defer d.stopDaemon()

	models.Git("branch", "mistral", gittest.Main)
	head := models.CommitTo("mistral", map[string]string{"workspaces/mistral.yaml": reviewed}, "Serve mistral-7b-instruct")
	models.Push("mistral")
	number := models.Open(ann, "mistral", gittest.Main, "Serve mistral-7b-instruct")
	fmt.Printf("    ann opens pull request %d, \"Serve mistral-7b-instruct\"\n", number)
	if err := d.showReview(ctx, models, number, head, bot); err != nil {
		return err
	}
	commit := models.Merge(number, "squash")
	fmt.Printf("\n    ann merges it, as %.12s\n", commit)
	if _, err := d.commitStatus(ctx, models, commit, "syncer/"+d.cluster+"/ready"); err != nil {
		return err
	}
	fmt.Println()
	return d.show(ctx, "    ", "git", "-C", models.Stored(), "log", "-1", "--format=%h %s",
		"--grep=workspace-mistral Ready", statusBranch)
}

// TempDir makes a demo a giteatest.T.
func (d *demo) TempDir() string {
	dir, err := os.MkdirTemp(d.dir, "forge")
	if err != nil {
		d.Fatalf("%v", err)
	}
	return dir
}

// follow starts syncer again, on the repository on the forge.
func (d *demo) follow(models *giteatest.Repository, bot *giteatest.User, server *giteatest.Server) error {
	token := filepath.Join(d.dir, "token")
	if err := os.WriteFile(token, []byte(bot.Token), 0o600); err != nil {
		return err
	}
	d.env = append(d.env[:len(d.env):len(d.env)],
		"SYNCER_SOURCE_URL="+models.URL(),
		"SYNCER_SOURCE_INTERVAL=1s",
		"SYNCER_SOURCE_AUTH_USERNAME="+bot.Name,
		"SYNCER_SOURCE_AUTH_PASSWORD_FILE="+token,
		"SYNCER_REVIEW_FORGE=gitea",
		"SYNCER_REVIEW_URL="+server.URL,
		"SYNCER_REVIEW_TOKEN_FILE="+token,
		"SYNCER_REVIEW_INTERVAL=1s",
	)
	d.stopDaemon()
	return d.startDaemon()
}

// showReview prints the comment as a person sees it.
func (d *demo) showReview(
	ctx context.Context, models *giteatest.Repository, number int, head string, bot *giteatest.User,
) error {
	if _, err := d.commitStatus(ctx, models, head, "syncer/"+d.cluster+"/plan"); err != nil {
		return err
	}
	for _, c := range models.Comments(number) {
		if c.User.Login != bot.Name {
			continue
		}
		fmt.Printf("\n    %s comments:\n", c.User.Login)
		for line := range strings.Lines(giteatest.Text(models.Rendered(number, c.ID))) {
			fmt.Printf("    | %s\n", strings.TrimRight(line, "\n"))
		}
		return nil
	}
	return errors.New("syncer has not commented")
}

// commitStatus waits until a commit status says how it ended, and prints it.
func (d *demo) commitStatus(
	ctx context.Context, models *giteatest.Repository, commit, name string,
) (giteatest.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	for {
		s := models.Statuses(commit)[name]
		if s.State != "" && s.State != "pending" {
			fmt.Printf("    commit status %s: %s, %q\n", s.Context, s.State, s.Description)
			return s, nil
		}
		select {
		case <-time.After(300 * time.Millisecond):
		case <-ctx.Done():
			return s, fmt.Errorf("the commit status %s is %q", name, s.State)
		}
	}
}
