package aws

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/glacier"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
)

// MakeSender makes the SES identity that mail is sent from, where it is missing. For an address SES writes to it and waits for an answer; a domain waits for its
// records in DNS. Repeatable; no identity = nothing.
func MakeSender(ctx context.Context, s *Session, identity string) ([]Made, error) {
	if identity == "" {
		return nil, nil
	}
	client := sesv2.NewFromConfig(s.Config)
	_, err := client.GetEmailIdentity(ctx, &sesv2.GetEmailIdentityInput{EmailIdentity: &identity})
	isNew := coded(err, "NotFoundException")
	if isNew {
		_, err = client.CreateEmailIdentity(ctx, &sesv2.CreateEmailIdentityInput{EmailIdentity: &identity})
	}
	if err != nil {
		return nil, fmt.Errorf("make the sender %s: %w", identity, unreachable(err))
	}
	return []Made{{"sender", identity, isNew}}, nil
}

// CheckSender looks whether mail may be sent from an identity.
func CheckSender(ctx context.Context, s *Session, identity string) []Finding {
	if identity == "" {
		return nil
	}
	there, err := sesv2.NewFromConfig(s.Config).GetEmailIdentity(ctx, &sesv2.GetEmailIdentityInput{EmailIdentity: &identity})
	if err != nil {
		return []Finding{{Kind: "sender", Name: identity, Fault: missingOr(err, "NotFoundException")}}
	}
	return lookAtAll(ctx, "sender", identity, []trait{told("nobody has confirmed it: SES sends nothing from it", there.VerifiedForSendingStatus)})
}

// missingVault is how Glacier, and how moto, says that there is no such vault.
var missingVault = []string{"ResourceNotFoundException", "VaultNotFound"}

// MakeVault makes the Glacier vault, where it is missing. Repeatable; no name = nothing. Amazon makes none for accounts that had none before 2025-12-15.
func MakeVault(ctx context.Context, s *Session, name string) ([]Made, error) {
	if name == "" {
		return nil, nil
	}
	client := glacier.NewFromConfig(s.Config)
	_, err := client.DescribeVault(ctx, &glacier.DescribeVaultInput{VaultName: &name})
	isNew := coded(err, missingVault...)
	if isNew {
		_, err = client.CreateVault(ctx, &glacier.CreateVaultInput{VaultName: &name})
	}
	if err != nil {
		return nil, fmt.Errorf("make vault %s: %w", name, unreachable(err))
	}
	return []Made{{"vault", name, isNew}}, nil
}

// CheckVault looks whether a vault is there.
func CheckVault(ctx context.Context, s *Session, name string) []Finding {
	if name == "" {
		return nil
	}
	_, err := glacier.NewFromConfig(s.Config).DescribeVault(ctx, &glacier.DescribeVaultInput{VaultName: &name})
	f := Finding{Kind: "vault", Name: name}
	if err != nil {
		f.Fault = missingOr(err, missingVault...)
	}
	return []Finding{f}
}
