// SPDX-License-Identifier: Apache-2.0

// Command gitea is the Gitea server, for syncer's demo and tests. It is Gitea's own main package, which cannot be
// imported, with one addition for tests, on by the environment variable GITEA_CHILD: the server takes its listener from
// its parent, as file 3, and ends when its standard input is closed, so as not to outlive the parent.
package main

import (
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"code.gitea.io/gitea/cmd"
	"code.gitea.io/gitea/modules/graceful"
	"code.gitea.io/gitea/modules/log"
	"code.gitea.io/gitea/modules/setting"
	"github.com/urfave/cli/v3"

	// Gitea's renderers of documents register themselves, as in its main package.
	_ "code.gitea.io/gitea/modules/markup/asciicast"
	_ "code.gitea.io/gitea/modules/markup/console"
	_ "code.gitea.io/gitea/modules/markup/csv"
	_ "code.gitea.io/gitea/modules/markup/markdown"
	_ "code.gitea.io/gitea/modules/markup/orgmode"
)

// version is set by the linker. Clients of the API read it.
var version = "development"

const (
	// child is the environment variable of a server that a test starts. Hooks of repositories are processes of this
	// program too and read their standard input, so they must not see it.
	child = "GITEA_CHILD"
	// stopGrace is the time that the server has to end after its parent has gone.
	stopGrace = 5 * time.Second
)

func main() {
	setting.AppVer = version
	setting.AppStartTime = time.Now().UTC()
	cli.OsExiter = func(code int) {
		log.GetManager().Close()
		os.Exit(code)
	}
	if os.Getenv(child) != "" {
		_ = os.Unsetenv(child)
		graceful.GetListener = inherited
		go followParent()
	}
	_ = cmd.RunMainApp(cmd.NewMainApp(cmd.AppVersion{Version: version}), os.Args...) // it has said its error
	log.GetManager().Close()
}

// inherited returns the listener that the parent has opened, on a port that was free.
func inherited(string, string) (net.Listener, error) {
	defer graceful.GetManager().InformCleanup() // as Gitea's own
	f := os.NewFile(3, "listener")
	defer f.Close()
	return net.FileListener(f)
}

// followParent ends the process when standard input is closed.
func followParent() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	_ = syscall.Kill(os.Getpid(), syscall.SIGTERM)
	time.Sleep(stopGrace)
	os.Exit(1)
}
