// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/cli/exit"
	"syncer.dev/syncer/internal/cli/progress"
)

func newRoot(std Stdio) *cobra.Command {
	root := &cobra.Command{
		Use:   "syncer",
		Short: "Keep a Kubernetes cluster on AKS equal to a Git repository of AI workspaces",
		Long: `syncer polls a Git repository of KAITO Workspace files, sizes and creates AKS GPU pools, server-side applies
the tuning and inference workloads, and writes status back as commits.

Exit codes: 0 yes (done, valid, no changes), 1 no (invalid, refused, or differences with --exit-code),
2 error (usage, configuration, network, permission), 130 interrupted.`,
		SilenceUsage: true, SilenceErrors: true,
	}
	root.SetIn(std.In)
	root.SetOut(std.Out)
	root.SetErr(std.Err)
	root.SetUsageTemplate(usageTemplate)
	group(root, "Work on files, offline:",
		newNew(std), newValidate(std), newRender(std), newSize(std), newPresets(std), newPrices(std), newSchema(std),
		newExplain(std))
	group(root, "Say what a change would do:", newPlan(std), newReview(std))
	group(root, "Run, and look at what runs:",
		newRun(std), newReconcile(std), newSuspend(std), newResume(std),
		newStatus(std), newEvents(std), newTree(std), newTrace(std))
	group(root, "Install:", newCheck(std), newInstall(std), newUninstall(std), newAdopt(std))
	root.AddCommand(newVersion(std), newConfigTopic())
	root.SetHelpCommand(newHelp(root))
	root.InitDefaultHelpCmd()
	root.InitDefaultHelpFlag()
	root.SetFlagErrorFunc(flagError)
	sayUse(root)
	root.Args = cobra.ArbitraryArgs // so that unknownCommand answers
	root.RunE = unknownCommand
	root.SuggestionsMinimumDistance = 2
	root.Flags().Lookup("help").Hidden = true // the command help says the same
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() == "completion" {
			shortenCompletion(cmd)
		}
	}
	return root
}

// group adds commands below a heading of the help.
func group(root *cobra.Command, title string, commands ...*cobra.Command) {
	g := cobra.Group{ID: title, Title: title}
	root.AddGroup(&g)
	for _, c := range commands {
		c.GroupID = g.ID
	}
	root.AddCommand(commands...)
}

// Stdio is the process around a command: its streams and its environment. The result goes to standard output, messages
// go to standard error.
type Stdio struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
	Env func(string) (string, bool)
	// Variables are all variables of the environment, as "NAME=value"; nil if they do not matter.
	Variables []string
}

// ErrTerminated is the cause with which a process cancels the context of Run after SIGTERM. It ends a daemon with 0.
var ErrTerminated = exit.ErrTerminated

// endGrace is how long a command may take to end after an interrupt: it may clean up, or be in a long computation.
const endGrace = 300 * time.Millisecond

// Run executes one command line and returns its exit code. After an interrupt it returns at once, except from "run",
// which ends in its order.
func Run(ctx context.Context, args []string, std Stdio) int {
	var stop func()
	std.Out, std.Err, stop = progress.Show(std.Out, std.Err, args)
	root := newRoot(std)
	root.SetArgs(args)
	ended := make(chan int, 1)
	go func() {
		err := root.ExecuteContext(ctx)
		stop()
		ended <- exit.Code(ctx, err, std.Err)
	}()
	select {
	case code := <-ended:
		return code
	case <-ctx.Done():
	}
	if cmd, _, err := root.Find(args); err == nil && cmd.Name() == "run" {
		return <-ended
	}
	select {
	case code := <-ended:
		return code
	case <-time.After(endGrace):
		stop()
		fmt.Fprintln(std.Err, "syncer: interrupted")
		return exit.Interrupted
	}
}
