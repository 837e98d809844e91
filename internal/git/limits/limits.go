// SPDX-License-Identifier: Apache-2.0

// Package limits bounds what is received from a Git server and what is read of it, and says which limit was exceeded.
// Pure.
package limits

import (
	"cmp"
	"errors"
	"fmt"
)

// Limits bound what is received from the server, and what is read of it. What is not read is under no limit but that on
// packs. A zero value stands for its default.
type Limits struct {
	// PackBytes limits what one fetch may receive; 64 MiB. Its objects may take eight times that in memory.
	PackBytes int64
	FileBytes int64 // of one file that is read; 1 MiB
	Bytes     int64 // of all files that may be read; 64 MiB
	Files     int   // files and folders that are listed; 50,000
}

// The defaults are far above a repository of configuration and far below what would hurt.
const (
	defaultPackBytes = 64 << 20
	defaultFileBytes = 1 << 20
	defaultBytes     = 64 << 20
	defaultFiles     = 50_000

	inflation = 8 // how much larger than its pack a repository may be in memory
)

// WithDefaults returns the limits with the default instead of zero.
func (l Limits) WithDefaults() Limits {
	return Limits{
		PackBytes: cmp.Or(l.PackBytes, defaultPackBytes),
		FileBytes: cmp.Or(l.FileBytes, defaultFileBytes),
		Bytes:     cmp.Or(l.Bytes, defaultBytes),
		Files:     cmp.Or(l.Files, defaultFiles),
	}
}

// Inflated returns how many bytes the objects of a repository may have.
func (l Limits) Inflated() int64 { return l.PackBytes * inflation }

// The settings that raise the limits.
const (
	SettingPack  = "source.limits.packSize"
	SettingFile  = "source.limits.fileSize"
	SettingBytes = "source.limits.totalSize"
	SettingFiles = "source.limits.files"
)

// ErrTooLarge means that data of the server exceeds a limit. The text of the error names the limit.
var ErrTooLarge = errors.New("too large")

// TooLargeError says which limit was exceeded. It is an ErrTooLarge.
type TooLargeError struct {
	What    string // "a pack of more than 64 MiB"
	Setting string // of the configuration; "" where the limit is fixed
}

// TooLarge returns a *TooLargeError.
func TooLarge(setting, format string, args ...any) error {
	return &TooLargeError{What: fmt.Sprintf(format, args...), Setting: setting}
}

// Error names the setting that raises the limit.
func (e *TooLargeError) Error() string {
	if e.Setting == "" {
		return e.What + ": too large"
	}
	return fmt.Sprintf("%s: too large (limit: %s)", e.What, e.Setting)
}

// Hint says what to do; "" where the limit is fixed.
func (e *TooLargeError) Hint() string {
	if e.Setting == "" {
		return ""
	}
	return "keep large files out of the repository, or raise " + e.Setting + " if the repository is to be trusted with it"
}

// Is reports whether target is ErrTooLarge.
func (e *TooLargeError) Is(target error) bool { return target == ErrTooLarge }

// InWords writes a number of bytes as the configuration has it, where that is possible.
func InWords(bytes int64) string {
	if bytes%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", bytes>>20)
	}
	return fmt.Sprintf("%d bytes", bytes)
}
