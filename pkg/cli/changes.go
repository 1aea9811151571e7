package cli

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"gas/pkg/client"
)

func (a *app) jobsChangesCommand() *cobra.Command {
	var r remote
	var q client.ChangesQuery
	var format outputFormat
	command := &cobra.Command{
		Use:   "changes ID",
		Short: "what changed since the job before",
		Long: "Prints the variants on which a job and an earlier one of the same file do not agree, each changed field on a line of its own.\n" +
			"The earlier job is the one that was run again, unless --since names another:\n\n" +
			"  gas jobs changes ID --field impact --field clinvar.CLNSIG",
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			c, err := a.connect(r)
			if err != nil {
				return err
			}
			page, err := c.Changes(command.Context(), args[0], q)
			if err != nil {
				return err
			}
			return a.printChanges(format, page)
		},
	}
	command.Flags().StringVar(&q.Since, "since", "", "the earlier job")
	command.Flags().StringSliceVar(&q.Fields, "field", nil, "only variants that changed in this field; may be repeated")
	command.Flags().IntVar(&q.Limit, "limit", 50, "variants of a page")
	command.Flags().StringVar(&q.Cursor, "cursor", "", "go on where an earlier page ended")
	a.completeJobs(command, &r, false)
	r.flag(command)
	format.flag(command)
	return command
}

func (a *app) printChanges(format outputFormat, page client.ChangedPage) error {
	s := sheet{columns: []string{"chrom", "pos", "ref", "alt", "gene", "field", "before", "after"}}
	for _, v := range page.Items {
		for _, change := range v.Changes {
			s.rows = append(s.rows, []string{v.Chrom, strconv.FormatInt(v.Pos, 10), short(v.Ref), short(v.Alt), v.Gene, change.Field, valueText(change.Before), valueText(change.After)})
		}
	}
	var value any = page
	if format == "jsonl" {
		value = page.Items
	}
	if err := a.print(format, value, s); err != nil {
		return err
	}
	for _, v := range page.Versions {
		a.say("%s: %s before, %s now", v.Name, firstOf(v.Before, "none"), firstOf(v.After, "none"))
	}
	a.say("%d of %d variants changed", page.Total, page.All)
	if page.Next != nil && format.String() == "table" {
		a.say("--cursor %s shows the next", *page.Next)
	}
	return nil
}

// valueText writes a value of a variant; one that is missing is a dot.
func valueText(value any) string {
	switch value := value.(type) {
	case nil:
		return "."
	case float64:
		return strconv.FormatFloat(value, 'g', -1, 64)
	}
	return fmt.Sprint(value)
}
