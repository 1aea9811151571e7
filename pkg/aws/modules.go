package aws

// These keep the modules that are to be used in go.mod until the files that use them are here. Whoever uses one takes its line away.
import (
	_ "github.com/aws/aws-sdk-go-v2/service/glacier"
	_ "github.com/aws/aws-sdk-go-v2/service/sesv2"
)
