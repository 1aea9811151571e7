package aws

import (
	"context"
	"errors"
	"fmt"
	"slices"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"gas/pkg/port"
)

// coded tells whether a service answered with one of the error codes.
func coded(err error, codes ...string) bool {
	var answer smithy.APIError
	return errors.As(err, &answer) && slices.Contains(codes, answer.ErrorCode())
}

// status is the HTTP status of the answer in which an error came, 0 where none came. S3 answers a HEAD without a body, and so without a code.
func status(err error) int {
	var answer *awshttp.ResponseError
	if errors.As(err, &answer) {
		return answer.HTTPStatusCode()
	}
	return 0
}

// passing tells which errors the SDK itself would try again: a lost connection, 5xx, throttling.
var passing = retry.IsErrorRetryables(retry.DefaultRetryables)

// unreachable marks what the SDK gave up trying: the service is down, or is asked too often. Other errors stay as they are.
func unreachable(err error) error {
	switch {
	case err == nil, errors.Is(err, port.ErrUnavailable), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case passing.IsErrorRetryable(err) == sdk.TrueTernary, noCredentials(err):
		return fmt.Errorf("%w: %w", port.ErrUnavailable, err)
	}
	return err
}

// noCredentials tells whether a call was refused because the role's credentials have expired: new ones are on their way.
func noCredentials(err error) bool {
	return coded(err, "ExpiredToken", "ExpiredTokenException", "RequestExpired")
}

// answered is the HTTP status of an answer that was no error.
func answered(meta middleware.Metadata) int {
	if raw, ok := awsmiddleware.GetRawResponse(meta).(*smithyhttp.Response); ok {
		return raw.StatusCode
	}
	return 0
}

// lengthOf is the length of an answer's body in bytes, -1 where it did not say.
func lengthOf(meta middleware.Metadata) int64 {
	if raw, ok := awsmiddleware.GetRawResponse(meta).(*smithyhttp.Response); ok {
		return raw.ContentLength
	}
	return -1
}
