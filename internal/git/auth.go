package git

import (
	"fmt"
	"net"
	"os"
	"strconv"

	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
	gitssh "github.com/go-git/go-git/v5/plumbing/transport/ssh"
)

func init() {
	// Which host is asked is what the configuration says, whatever ~/.ssh/config makes of its name.
	gitssh.DefaultSSHConfig = nil
}

// method reads the credentials as they are now. It is called for every session. None gives nil.
func (a Auth) method(ep *transport.Endpoint, secrets *redactor) (transport.AuthMethod, error) {
	switch {
	case ep.Protocol == "ssh":
		return a.sshMethod(ep, secrets)
	case ep.Protocol == "file":
		return nil, nil
	case a.Bearer.isSet():
		token, err := a.Bearer.read()
		if err != nil {
			return nil, fmt.Errorf("read bearer token: %w", err)
		}
		secrets.learn("", token)
		return &githttp.TokenAuth{Token: token}, nil
	case a.Password.isSet():
		password, err := a.Password.read()
		if err != nil {
			return nil, fmt.Errorf("read password: %w", err)
		}
		username := a.Username
		if username == "" {
			username = gitssh.DefaultUsername
		}
		secrets.learn(username, password)
		return &githttp.BasicAuth{Username: username, Password: password}, nil
	}
	return nil, nil
}

func (a Auth) sshMethod(ep *transport.Endpoint, secrets *redactor) (transport.AuthMethod, error) {
	pem, err := os.ReadFile(a.SSHKey)
	if err != nil {
		return nil, fmt.Errorf("read SSH key: %w", err)
	}
	passphrase := ""
	if a.SSHPassphrase.isSet() {
		if passphrase, err = a.SSHPassphrase.read(); err != nil {
			return nil, fmt.Errorf("read SSH passphrase: %w", err)
		}
		secrets.learn("", passphrase)
	}
	user := ep.User
	if user == "" {
		user = gitssh.DefaultUsername
	}
	keys, err := gitssh.NewPublicKeys(user, pem, passphrase)
	if err != nil {
		return nil, fmt.Errorf("read SSH key %s: %w", a.SSHKey, err)
	}
	if _, err := os.Stat(a.KnownHosts); err != nil {
		return nil, fmt.Errorf("read known hosts: %w", err)
	}
	hosts, err := gitssh.NewKnownHostsDb(a.KnownHosts)
	if err != nil {
		return nil, fmt.Errorf("read known hosts %s: %w", a.KnownHosts, err)
	}
	port := ep.Port
	if port <= 0 {
		port = gitssh.DefaultPort
	}
	keys.HostKeyCallback = hosts.HostKeyCallback()
	// Ask for the kinds of key that are known: a host may have several, of which the file lists one.
	keys.HostKeyAlgorithms = hosts.HostKeyAlgorithms(net.JoinHostPort(ep.Host, strconv.Itoa(port)))
	return keys, nil
}
