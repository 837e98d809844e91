// SPDX-License-Identifier: Apache-2.0

// Package installing prints what "install" and "uninstall" answer: the objects that run syncer with a configuration.
package installing

import (
	"fmt"
	"io"

	"syncer.dev/syncer/internal/app/adapters"
	"syncer.dev/syncer/internal/cli/settings"
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
	c, text, err := o.Settings.ForPod()
	if err != nil {
		return err
	}
	image, err := install.ImageOf(o.Image, version.String())
	if err != nil && !o.Rights {
		return err
	}
	if !o.Remove && o.Replicas == 0 {
		o.Replicas = -1 // 0 is the default of Options
	}
	options := install.Options{
		Namespace: o.Namespace,
		Image:     image,
		Replicas:  o.Replicas,
		ClientID:  o.ClientID,
		Config:    text,
		Settings:  c,
		NodePools: adapters.ModeOf(c).NodePools,
		Set:       o.Settings.Values(),
	}
	if !o.Remove { // what is there is removed, however it came to be
		if err := options.Check(); err != nil {
			return err
		}
	}
	objects, err := install.Objects(options)
	if err != nil {
		return err
	}
	if o.Rights {
		objects = install.RightsOf(objects)
	}
	if o.Remove {
		objects = install.Removed(options, objects)
		fmt.Fprint(talk, install.Stays(options))
	}
	text, err = install.YAML(objects)
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, text)
	return err
}
