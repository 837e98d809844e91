// SPDX-License-Identifier: Apache-2.0

// Package installing prints what "install" and "uninstall" answer: the objects that run syncer with a configuration.
package installing

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/app/adapters"
	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/install"
	"syncer.dev/syncer/internal/version"
)

// Options say which installation is meant.
type Options struct {
	Settings  settings.Settings
	Namespace string
	Image     string // "" is that of the release
	Replicas  int32
	ClientID  string
	Rights    bool // print only what gives rights
	Remove    bool // print what is removed, and say what stays
}

// Print prints the objects of an installation on out, or those to delete, with what stays on talk.
func Print(out, talk io.Writer, o Options) error {
	c, text, err := configured(o.Settings)
	if err != nil {
		return err
	}
	image, err := o.imageOf(version.String())
	if err != nil && !o.Rights {
		return err
	}
	objects, err := install.Objects(install.Options{
		Namespace: o.Namespace,
		Image:     image,
		Replicas:  o.Replicas,
		ClientID:  o.ClientID,
		Config:    text,
		Settings:  c,
		NodePools: adapters.ModeOf(c).NodePools,
		Set:       o.Settings.Values(),
	})
	if err != nil {
		return err
	}
	if o.Rights {
		objects = install.RightsOf(objects)
	}
	if o.Remove {
		slices.Reverse(objects)
		fmt.Fprintf(talk, stays, strings.Join(c.Namespaces, ", "), c.Status.Branch)
	}
	text, err = install.YAML(objects)
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, text)
	return err
}

// stays says what an installation leaves behind.
const stays = `These stay:
- the objects of Workspaces in the namespaces %s, which go on serving,
- the GPU pools that syncer has created, which go on costing,
- the branch %s.
To remove models and pools first, push a commit without Workspaces and with the trailer "Syncer-Allow-Empty: true", and
wait until "syncer status" shows none.
`

// configured returns the configuration that syncer will run with, and the text of its file. The environment of this
// command is not that of the pod.
func configured(given settings.Settings) (config.Config, string, error) {
	if !given.Named() {
		no := diag.Errorf(diag.RequiredField, "install needs the configuration that syncer will run with")
		return config.Config{}, "", no.Suggest("name the file with --config")
	}
	_, data, err := given.Here()
	if err != nil {
		return config.Config{}, "", err
	}
	environment := given.Env
	given.Env = func(name string) (string, bool) {
		if name != "SYNCER_CONFIG" {
			return "", false
		}
		return environment(name)
	}
	c, err := given.Load()
	if err == nil {
		err = c.Need("source.url")
	}
	if err == nil && len(c.Clusters) == 0 {
		err = c.Need("cluster")
	}
	return c, string(data), err
}

// imageOf returns the image that is asked for, or that of a release.
func (o Options) imageOf(built string) (string, error) {
	if o.Image != "" {
		return o.Image, nil
	}
	if !strings.HasPrefix(built, "v") {
		return "", fmt.Errorf("this build (%s) is no release, so that it has no image: name one with --image", built)
	}
	return install.Repository + ":" + built, nil
}
