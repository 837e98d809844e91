// SPDX-License-Identifier: Apache-2.0

package giteatest

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
)

// settings of the server. It stores nothing outside of its folder, calls webhooks on loopback only, and has no work of
// its own by the clock.
const settings = `%[1]s
RUN_USER = %[2]s
RUN_MODE = prod
WORK_PATH = %[3]s

[server]
PROTOCOL = http
HTTP_ADDR = 127.0.0.1
HTTP_PORT = %[4]d
ROOT_URL = http://127.0.0.1:%[4]d/
STATIC_ROOT_PATH = %[5]s
DISABLE_SSH = true
LFS_START_SERVER = false
OFFLINE_MODE = true

[database]
DB_TYPE = sqlite3
PATH = %[3]s/gitea.db
SQLITE_TIMEOUT = 20000
SQLITE_JOURNAL_MODE = WAL

[repository]
ROOT = %[3]s/repositories
DEFAULT_BRANCH = main

[security]
INSTALL_LOCK = true
SECRET_KEY = a secret of a server that lives for one test
PASSWORD_HASH_ALGO = pbkdf2$1000$50

[service]
DISABLE_REGISTRATION = true
DEFAULT_ALLOW_CREATE_ORGANIZATION = true

[oauth2]
ENABLED = false

[webhook]
ALLOWED_HOST_LIST = loopback
DELIVER_TIMEOUT = 30

[queue]
TYPE = channel

[indexer]
ISSUE_INDEXER_TYPE = db

[session]
PROVIDER = memory

[actions]
ENABLED = false

[packages]
ENABLED = false

[cron]
ENABLED = false

[log]
MODE = console
LEVEL = Warn
STDERR = true
`

// allowRoot stands above all sections: Gitea refuses to run as root without it.
const allowRoot = "I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true"

func (s *Server) configFile() string { return filepath.Join(s.dir, "app.ini") }

// configure writes the settings. The server adds secrets of its own to the file.
func (s *Server) configure(port int) error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	me, err := user.Current()
	if err != nil {
		return err
	}
	first := ""
	if me.Uid == "0" {
		first = allowRoot
	}
	text := fmt.Sprintf(settings, first, me.Username, s.dir, port, s.binary+".static")
	return os.WriteFile(s.configFile(), []byte(text), 0o600)
}
