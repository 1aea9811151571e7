package flow

import (
	"fmt"
	"strconv"
	"strings"
)

// InputKey is where a job's input is uploaded: built from ids only.
func InputKey(epoch int, userID, jobID string) string {
	return fmt.Sprintf("inputs/%d/%s/%s", epoch, userID, jobID)
}

// ResultKey is where an attempt puts one file of a result for a gen. It is written once and never reused; afterwards it is read from the record.
func ResultKey(epoch int, jobID string, f Fence, name string) string {
	return fmt.Sprintf("results/%d/%s/%d-%d/%s", epoch, jobID, f.Gen, f.Attempt, name)
}

// ResultName is the name of the result itself in its key.
const ResultName = "result.vcf.gz"

// ArchiveKey is where the cold copy of a gen is stored.
func ArchiveKey(epoch int, jobID string, gen int) string {
	return fmt.Sprintf("archive/%d/%s/%d", epoch, jobID, gen)
}

// place is what a key of a result says.
type place struct {
	Epoch int
	JobID string
	Fence
}

// parseResultKey reads a key back; false for a key that is none of ours.
func parseResultKey(key string) (place, bool) {
	parts := strings.Split(key, "/")
	if len(parts) != 5 || parts[0] != "results" {
		return place{}, false
	}
	epoch, err := strconv.Atoi(parts[1])
	gen, attempt, dash := strings.Cut(parts[3], "-")
	g, errGen := strconv.Atoi(gen)
	a, errAttempt := strconv.Atoi(attempt)
	if err != nil || errGen != nil || errAttempt != nil || !dash {
		return place{}, false
	}
	return place{Epoch: epoch, JobID: parts[2], Fence: Fence{Gen: g, Attempt: a}}, true
}

// parseInputKey reads the job's id of an input's key; false for a key that is none of ours.
func parseInputKey(key string) (epoch int, jobID string, ok bool) {
	parts := strings.Split(key, "/")
	if len(parts) != 4 || parts[0] != "inputs" {
		return 0, "", false
	}
	epoch, err := strconv.Atoi(parts[1])
	return epoch, parts[3], err == nil
}
