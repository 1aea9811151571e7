package cli

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"gas/config"
	"gas/pkg/aws"
	"gas/pkg/backend"
)

func (a *app) awsCommand() *cobra.Command {
	command := &cobra.Command{Use: "aws", Short: "make what the service needs on AWS, and print the policies of its roles", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error { return command.Help() }}
	command.AddCommand(a.awsInitCommand(), a.awsPolicyCommand())
	return command
}

func (a *app) awsInitCommand() *cobra.Command {
	var format outputFormat
	var machineRole string
	command := &cobra.Command{
		Use:   "init",
		Short: "make buckets, tables, topics, queues and the state machine, where they are missing or not as they should be",
		Long: "Makes everything that the settings name and that is missing, and makes good what is not as it should be: tables and indexes, topics, queues, dead\n" +
			"letters, subscriptions, their policies, the state machine and its role, buckets with their policies, encryption, CORS for uploads from base_url,\n" +
			"lifecycle and events, the vault and the sender of mails. It can be run again at any time. gas doctor looks at the same and changes nothing.",
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			loaded, err := a.load(command)
			if err != nil {
				return err
			}
			if loaded.Backend != "aws" {
				return usageError("gas aws init needs --backend aws: the local backend makes its folder by itself")
			}
			made, err := backend.MakeAWS(command.Context(), loaded.Config, machineRole)
			s := sheet{columns: []string{"kind", "name", "state"}}
			for _, m := range made {
				state := "was there"
				if m.New {
					state = "made"
				}
				s.rows = append(s.rows, []string{m.Kind, m.Name, state})
			}
			if printed := a.print(format, made, s); printed != nil {
				return printed
			}
			return err
		},
	}
	command.Flags().StringVar(&machineRole, "machine-role", "", "ARN of a role by which the state machine publishes, which is left as it is (default: the role called as the machine, which is made)")
	format.flag(command)
	settingsFlags(command, "base-url", "aws-region", "aws-prefix", "vault", "mail-from")
	return command
}

// machinePolicy is the name under which policy prints what the state machine may do.
const machinePolicy = "state-machine"

func (a *app) awsPolicyCommand() *cobra.Command {
	var account, partition string
	command := &cobra.Command{
		Use:       "policy ROLE",
		Short:     "print what a role may do on AWS, as an IAM policy for the names of the settings",
		Long:      "Prints the IAM policy of one role: " + strings.Join(append(slices.Clone(aws.PolicyRoles), machinePolicy), ", ") + ". The last is of the role by which the state machine publishes.",
		Args:      cobra.ExactArgs(1),
		ValidArgs: append(slices.Clone(aws.PolicyRoles), machinePolicy),
		RunE: func(command *cobra.Command, args []string) error {
			loaded, err := a.load(command)
			if err != nil {
				return err
			}
			policy, err := policyFor(args[0], backend.AWSPlace(loaded.Config, partition, account))
			if err != nil {
				return err
			}
			encoder := json.NewEncoder(a.out)
			encoder.SetEscapeHTML(false)
			encoder.SetIndent("", "  ")
			return encoder.Encode(policy)
		},
	}
	command.Flags().StringVar(&account, "account", "*", "the account's number")
	command.Flags().StringVar(&partition, "partition", "aws", "the partition: aws, aws-cn, aws-us-gov")
	settingsFlags(command, "aws-region", "aws-prefix", "vault", "mail-from")
	return command
}

func policyFor(role string, at aws.Place) (aws.Policy, error) {
	if role == machinePolicy {
		return aws.MachinePolicy(at), nil
	}
	policy, err := aws.PolicyOf(role, at)
	if err != nil {
		return policy, usageError("there is no role %q; the roles are %s, %s", role, strings.Join(aws.PolicyRoles, ", "), machinePolicy)
	}
	return policy, nil
}

// awsFindings is what doctor says of the things on AWS, which it only looks at.
func awsFindings(ctx context.Context, c config.Config) ([]finding, error) {
	looked, err := backend.CheckAWS(ctx, c)
	if err != nil {
		return nil, err
	}
	var findings []finding
	for _, l := range looked {
		f := finding{Name: strings.TrimSpace(l.Kind + " " + l.Name), OK: l.Fault == "", Detail: l.Fault}
		if l.Danger {
			f.Detail = "DANGER: " + l.Fault
		}
		findings = append(findings, f)
	}
	return findings, nil
}
