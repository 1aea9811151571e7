package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"gas/pkg/client"
	"gas/pkg/fault"
)

// variantFormats are the values of -o of gas variants: a page to look at, or every row as a file.
var variantFormats = []string{"table", "json", "yaml", "tsv", "jsonl", "vcf", "xlsx"}

func (a *app) variantsCommand() *cobra.Command {
	var r remote
	var q client.VariantQuery
	var format, out, saved string
	command := &cobra.Command{
		Use:   "variants JOB",
		Short: "filter a job's variants, print or export them",
		Long: "Prints the variants of a job that a filter leaves: a page of them as a table, json or yaml, or all of them as tsv, jsonl, vcf or xlsx.\n" +
			"The rows are those of the page, the filter language too:\n\n" +
			"  gas variants JOB --filter 'impact >= HIGH and gene in (BRCA1, BRCA2)'\n" +
			"  gas variants JOB --filter 'region = 21:25000000-25100000' -o xlsx --out rows.xlsx",
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			if !slices.Contains(variantFormats, format) {
				return usageError("There is no format %q; it is one of %s.", format, strings.Join(variantFormats, ", "))
			}
			c, err := a.connect(r)
			if err != nil {
				return err
			}
			if q.Filter, err = withSaved(command.Context(), c, saved, q.Filter); err != nil {
				return err
			}
			if slices.Contains([]string{"table", "json", "yaml"}, format) {
				return a.variantPage(command, c, args[0], q, format)
			}
			for _, flag := range []string{"sort", "limit", "cursor"} {
				if command.Flags().Changed(flag) {
					a.say("warning: --%s is of pages: %s holds all rows, in the order of the file", flag, format)
				}
			}
			return a.export(command, c, args[0], q, format, out)
		},
	}
	command.Flags().StringVar(&q.Filter, "filter", "", "which variants: terms joined by and, or, not")
	command.Flags().StringVar(&saved, "saved", "", "a filter that you have saved under this name; with --filter both must hold")
	a.completeFlag(command, "saved", &r, func(ctx context.Context, c *client.Client) ([]string, error) {
		list, err := c.Filters(ctx)
		var names []string
		for _, f := range list {
			names = append(names, f.Name)
		}
		return names, err
	})
	command.Flags().StringVar(&q.Sort, "sort", "", "by which column, on pages; a leading - turns it round")
	command.Flags().IntVar(&q.Limit, "limit", 50, "rows of a table")
	command.Flags().StringVar(&q.Cursor, "cursor", "", "go on where an earlier table ended")
	command.Flags().StringVarP(&format, "output", "o", "table", "how to write it: table, json, yaml, tsv, jsonl, vcf or xlsx")
	command.Flags().StringVar(&out, "out", "", "a file for tsv, jsonl, vcf or xlsx (default: standard output)")
	_ = command.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(variantFormats, cobra.ShellCompDirectiveNoFileComp))
	a.completeJobs(command, &r, false)
	r.flag(command)
	return command
}

func (a *app) variantPage(command *cobra.Command, c *client.Client, id string, q client.VariantQuery, format string) error {
	page, err := c.Variants(command.Context(), id, q)
	if err != nil {
		return err
	}
	s := sheet{columns: []string{"chrom", "pos", "ref", "alt", "gene", "consequence", "impact", "hgvsc", "hgvsp"}}
	for _, v := range page.Items {
		s.rows = append(s.rows, []string{
			v.Chrom, strconv.FormatInt(v.Pos, 10), short(v.Ref), short(v.Alt), v.Gene, strings.Join(v.Consequence, ","), v.Impact, v.HGVSc, v.HGVSp,
		})
	}
	if err := a.print(outputFormat(format), page, s); err != nil {
		return err
	}
	for _, term := range page.Terms {
		a.say("%s removed %d", term.Term, term.Removed)
	}
	a.say("%d of %d variants", len(page.Items), page.Total)
	if page.Next != nil && format == "table" {
		a.say("--cursor %s shows the next", *page.Next)
	}
	return nil
}

// short cuts an allele that is too long for a table.
func short(allele string) string {
	if len(allele) <= 20 {
		return allele
	}
	return fmt.Sprintf("%s…(%d)", allele[:15], len(allele))
}

func (a *app) export(command *cobra.Command, c *client.Client, id string, q client.VariantQuery, format, out string) error {
	if format == "xlsx" && out == "" && isTerminal(a.out) {
		return usageError("A workbook cannot be shown on a terminal: say where to with --out FILE.")
	}
	body, err := c.Export(command.Context(), id, format, q)
	if err != nil {
		return err
	}
	defer body.Close()
	if out == "" || out == "-" {
		return copyWhole(a.out, body)
	}
	file, err := os.Create(out + ".part")
	if err != nil {
		return fmt.Errorf("open the export: %w", err)
	}
	defer file.Close()
	if err := copyWhole(file, body); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("write the export: %w", err)
	}
	if err := os.Rename(out+".part", out); err != nil {
		return fmt.Errorf("name the export: %w", err)
	}
	_, err = fmt.Fprintln(a.out, out)
	return err
}

// copyWhole copies a server's answer; one that breaks off is not a success.
func copyWhole(to io.Writer, from io.Reader) error {
	if _, err := io.Copy(to, from); err != nil {
		return fault.New(fault.Unavailable, "The transfer broke off.").Because(err)
	}
	return nil
}
