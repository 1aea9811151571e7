package aws

import (
	"context"
	"fmt"
	"mime"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"gas/pkg/port"
)

// formType is the content type of everything that arrives by a form: nothing that a browser would render.
const formType = "application/octet-stream"

// UploadForm hands out a form that S3 itself takes: exactly this key, at most this size, this content type, encrypted, until it expires. Every field
// that a browser sends has its condition in the policy. A second post replaces the object and changes its ETag.
func (b *Blobs) UploadForm(ctx context.Context, f port.FormRequest) (port.Form, error) {
	if err := checkKey(f.Key); err != nil {
		return port.Form{}, err
	}
	fixed := map[string]string{
		"Content-Type":                 formType,
		"x-amz-server-side-encryption": string(types.ServerSideEncryptionAes256),
	}
	if f.Redirect == "" {
		fixed["success_action_status"] = "204"
	} else {
		fixed["success_action_redirect"] = f.Redirect
	}
	conditions := []any{[]any{"content-length-range", 0, f.MaxSize}}
	for name, value := range fixed {
		conditions = append(conditions, map[string]string{name: value})
	}
	made, err := b.signer.PresignPostObject(ctx, &s3.PutObjectInput{Bucket: &b.name, Key: &f.Key}, func(o *s3.PresignPostOptions) {
		o.Expires, o.Conditions = f.Expires, conditions
	})
	if err != nil {
		return port.Form{}, fmt.Errorf("sign form for %s: %w", f.Key, unreachable(err))
	}
	for name, value := range fixed { // the SDK signs conditions, but leaves their fields to the caller
		made.Values[name] = value
	}
	return port.Form{URL: made.URL, Fields: made.Values}, nil
}

// DownloadURL is a link to S3 itself whose answer is an attachment, whatever the object's own headers say.
func (b *Blobs) DownloadURL(ctx context.Context, key, filename string, expires time.Duration) (string, error) {
	if err := checkKey(key); err != nil {
		return "", err
	}
	made, err := b.signer.PresignGetObject(ctx, &s3.GetObjectInput{
		Bucket: &b.name, Key: &key, ResponseContentDisposition: sdk.String(attachment(filename)),
		ResponseContentType: sdk.String(formType), ResponseCacheControl: sdk.String("private, no-store"),
	}, s3.WithPresignExpires(expires))
	if err != nil {
		return "", fmt.Errorf("sign link to %s: %w", key, unreachable(err))
	}
	return made.URL, nil
}

// attachment is a Content-Disposition that saves under a name: a label without control characters and slashes.
func attachment(name string) string {
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '/' || r == '\\' || r == '"' {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(name, "_"))
	if clean == "" {
		clean = "file"
	}
	return mime.FormatMediaType("attachment", map[string]string{"filename": clean})
}
