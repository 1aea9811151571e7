package snspost

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// certificatePath is the path of a certificate at AWS; an emulator serves its own below /_aws/sns.
var (
	certificatePath = regexp.MustCompile(`^/SimpleNotificationService-[0-9a-f]+\.pem$`)
	emulatorPath    = regexp.MustCompile(`^/_aws/sns/SimpleNotificationService-[0-9a-f]+\.pem$`)
)

// maxURL bounds the address of a certificate in bytes.
const maxURL = 512

// place is where the certificates of a topic's region come from, computed from the topic's own name.
type place struct {
	host  string   // sns.<region>.amazonaws.com
	names []string // for which of them a certificate may be made out
}

// topicARN is the name of a topic: arn, partition, service, region, account, name.
var topicARN = regexp.MustCompile(`^arn:(aws|aws-cn|aws-us-gov):sns:([a-z]{2}(?:-[a-z]+)+-[0-9]+):([0-9]{12}):([A-Za-z0-9_-]{1,256})$`)

// placeOf computes the place of a listed topic.
func placeOf(arn string) (place, error) {
	m := topicARN.FindStringSubmatch(arn)
	if m == nil {
		return place{}, fmt.Errorf("%q is not the ARN of a topic", arn)
	}
	partition, region := m[1], m[2]
	domain := "amazonaws.com"
	if partition == "aws-cn" {
		domain += ".cn"
	}
	host := "sns." + region + "." + domain
	// Older regions sign as the whole service, opt-in regions as themselves, GovCloud with one name for both.
	names := []string{host, "sns-signing." + region + "." + domain, "sns-" + region + "." + domain}
	switch partition {
	case "aws":
		names = append(names, "sns.amazonaws.com")
	case "aws-us-gov":
		names = append(names, "sns-us-gov-west-1.amazonaws.com")
	}
	return place{host: host, names: names}, nil
}

// certificateURL checks where a post says that its certificate is: exactly at the place, or exactly at the emulator.
func certificateURL(raw string, at place, emulator *url.URL) (address string, emulated bool, err error) {
	if len(raw) > maxURL {
		return "", false, errors.New("the certificate's address is too long")
	}
	u, err := url.Parse(raw)
	if err != nil {
		return "", false, errors.New("the certificate's address is no address")
	}
	if aws := "https://" + at.host + u.Path; certificatePath.MatchString(u.Path) && (raw == aws || raw == "https://"+at.host+":443"+u.Path) {
		return aws, false, nil
	}
	if emulator != nil && emulatorPath.MatchString(u.Path) && raw == emulator.Scheme+"://"+emulator.Host+u.Path {
		return raw, true, nil
	}
	return "", false, errors.New("the certificate lies elsewhere")
}

// emulatorURL reads the setting of an emulator: http or https, a host, nothing else. Empty = none.
func emulatorURL(raw string) (*url.URL, error) {
	if raw == "" {
		return nil, nil
	}
	u, err := url.Parse(strings.TrimSuffix(raw, "/"))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, fmt.Errorf("%q is not http(s)://HOST:PORT", raw)
	}
	return u, nil
}
