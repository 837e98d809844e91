// SPDX-License-Identifier: Apache-2.0

package preset

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// gib is 2^30 bytes.
const gib = 1 << 30

// bytesOf reads a size as KAITO writes them, such as "7.15Gi", and rounds it up to whole bytes: a model that is a
// fraction of a byte larger than memory does not fit either.
func bytesOf(s string) (int64, error) {
	number, ok := strings.CutSuffix(s, "Gi")
	if !ok {
		return 0, fmt.Errorf("%q is not a size in Gi, such as 7.15Gi", s)
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil || !(f >= 0 && f <= maxSize/gib) {
		return 0, fmt.Errorf("%q is not a size in Gi, such as 7.15Gi", s)
	}
	return int64(math.Ceil(f * gib)), nil
}
