package browser

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"gas/pkg/aws"
	"gas/pkg/job"
	"gas/pkg/port"
	"gas/pkg/role"
	"gas/pkg/user"
	"gas/test/peers"
)

// intoBucket lets a stage keep uploads in S3 at versitygw, which checks forms and signatures fully, with CORS for the stage's pages.
func intoBucket(t *testing.T) func(url string, d *role.Deps) {
	session, err := aws.OpenSession(t.Context(), "us-east-1", awsconfig.WithBaseEndpoint(peers.Versity(t).URL), awsconfig.WithSharedConfigFiles(nil),
		awsconfig.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(peers.VersityAccess, peers.VersitySecret, "")))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, session.Close()) })
	return func(url string, d *role.Deps) {
		bucket := sdk.String("uploads")
		client := s3.NewFromConfig(session.Config, func(o *s3.Options) { o.UsePathStyle = true })
		_, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: bucket})
		require.NoError(t, err)
		_, err = client.PutBucketCors(t.Context(), &s3.PutBucketCorsInput{Bucket: bucket, CORSConfiguration: &types.CORSConfiguration{CORSRules: []types.CORSRule{{
			AllowedOrigins: []string{url}, AllowedMethods: []string{http.MethodPost, http.MethodPut}, AllowedHeaders: []string{"*"}, ExposeHeaders: []string{"ETag"},
		}}}})
		require.NoError(t, err)
		blobs := session.Blobs(*bucket)
		d.Inputs, d.Parts = blobs, blobs
	}
}

// TestAFileGoesFromTheBrowserStraightToTheBucket: small ones by the store's own form, large ones in parts, and not a byte of them through our server.
func TestAFileGoesFromTheBrowserStraightToTheBucket(t *testing.T) {
	t.Parallel()
	s := newStage(t, intoBucket(t))
	var through atomic.Int64
	inner := s.server.Config.Handler
	s.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/v1/uploads") && !strings.Contains(r.URL.Path, "/parts/") {
			through.Add(r.ContentLength)
		}
		inner.ServeHTTP(w, r)
	})
	_, link := s.person("owner", user.Premium)
	p := openTab(t)
	p.signIn(link)
	small := manyVariants(t)
	for name, text := range map[string][]byte{
		"small.vcf": small,
		"large.vcf": append(bytes.Clone(small), []byte(strings.Repeat("MT\t8993\t.\tT\tG\t.\tPASS\t.\tGT\t1/1\t0/0\n", 500_000))...), // three parts
	} {
		p.do(chromedp.Navigate(s.server.URL+"/annotate"), chromedp.SetUploadFiles("#file", []string{writeFile(t, name, text)}))
		p.waitFor(`document.querySelector("#preview .good") !== null`)
		p.do(chromedp.Click("#send"))
		p.waitFor(`location.pathname.startsWith("/annotations/")`)
		id := strings.TrimPrefix(run(p, chromedp.Evaluate[string]("location.pathname")), "/annotations/")
		j, err := s.deps.Store.Job(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, job.Pending, j.Status)
		require.Equal(t, name, j.Name)
		require.Equal(t, name == "large.vcf", strings.Contains(j.Input.Version, "-3"), "%s has the ETag of an object of three parts: %s", name, j.Input.Version)
		r, _, err := s.deps.Inputs.Open(t.Context(), j.Input.Key, j.Input.Version, port.Whole)
		require.NoError(t, err)
		got, err := io.ReadAll(r)
		require.NoError(t, err)
		require.NoError(t, r.Close())
		require.True(t, bytes.Equal(text, got))
	}
	require.Less(t, through.Load(), int64(len(small)), "what came through our server")
	p.quiet()
}
