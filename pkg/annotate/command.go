package annotate

import (
	"strconv"
	"strings"
)

// UsualLevel is the level of compression of which a command says nothing.
const UsualLevel = 1

// settled are the settings of a run once its reference is known. It is named also where it was chosen by the file: so the same command gives the same bytes
// where other references are installed, and a job on which one was chosen the same as one for which it was named.
func settled(settings []Setting, reference string) []Setting {
	if reference == "" {
		return settings
	}
	return append([]Setting{{Name: "reference", Value: reference}}, settings...)
}

// commandOf is the command that repeats a run, without the names of files: what the header of a result says of it must not depend on them.
func commandOf(settings []Setting) string {
	words := []string{"gas", "annotate"}
	for _, s := range settings {
		word := "--" + s.Name
		if s.Value != "true" {
			word += "=" + ShellWord(s.Value)
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// command is the whole command that repeats a run on a file of the input's name, in the folder where that is.
func (f *Files) command(settings []Setting) string {
	command := commandOf(settings)
	if f.Format != VCF {
		command += " --format=" + f.Format.name()
	}
	if f.Level != UsualLevel {
		command += " --level=" + strconv.Itoa(f.Level)
	}
	command += " " + FileWord(f.name())
	if f.Out != "-" {
		command += " -o " + FileWord(f.outName())
	}
	return command
}

// FileWord is the name of a file as a word of a command: one that begins with a dash is no flag.
func FileWord(name string) string {
	if len(name) > 1 && name[0] == '-' {
		name = "./" + name
	}
	return ShellWord(name)
}

// ShellWord quotes a word for a POSIX shell where it needs that.
func ShellWord(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-/:,=+@", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
