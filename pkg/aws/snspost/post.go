// Package snspost believes what Amazon SNS posts to a webhook only with its signature. It needs no SDK.
//
// A post only knocks: whoever is woken reads the queue, and behind it the record. So a post that is sent again does no harm, and its age is not looked at.
// The rules are those of "Verifying the signatures of Amazon SNS messages" in the developer guide of SNS, of which only the newer signature
// (version 2, RSA PKCS #1 v1.5 over SHA-256) is taken. A topic has to be told so: its attribute SignatureVersion is 1 by default.
package snspost

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The types of posts.
const (
	Notification             = "Notification"
	SubscriptionConfirmation = "SubscriptionConfirmation"
	UnsubscribeConfirmation  = "UnsubscribeConfirmation"
)

// MaxBody is the longest post in bytes: a message of SNS ends there.
const MaxBody = 256 << 10

// maxSignature bounds the signature: that of a key of 4,096 bits has 512 bytes.
const maxSignature = 512

// Post is what a post says. Nothing in it is to be believed before Verify returned it.
type Post struct {
	Type     string
	ID       string
	TopicARN string
	Message  string
	Token    string // of a confirmation: what ConfirmSubscription takes

	signed         string // the text that the signature covers
	signature      []byte
	certificateURL string
}

// signedFields lists, by type, the fields that a signature covers, in its order. Subject is left out where it is missing.
var signedFields = map[string][]string{
	Notification:             {"Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"},
	SubscriptionConfirmation: {"Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"},
	UnsubscribeConfirmation:  {"Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"},
}

// read reads a post as it came, without believing it.
func read(body []byte) (Post, error) {
	if len(body) > MaxBody {
		return Post{}, errors.New("longer than a message can be")
	}
	fields, err := fieldsOf(body)
	if err != nil {
		return Post{}, err
	}
	if fields["SignatureVersion"] != "2" {
		return Post{}, fmt.Errorf("signature version %q, not 2", fields["SignatureVersion"])
	}
	p := Post{
		Type: fields["Type"], ID: fields["MessageId"], TopicARN: fields["TopicArn"], Message: fields["Message"], Token: fields["Token"],
		certificateURL: fields["SigningCertURL"],
	}
	if p.signed, err = signedText(p.Type, fields); err != nil {
		return Post{}, err
	}
	if p.signature, err = base64.StdEncoding.Strict().DecodeString(fields["Signature"]); err != nil || len(p.signature) > maxSignature {
		return Post{}, errors.New("signature is not in base64")
	}
	return p, nil
}

// known are the fields that are read. Others, such as MessageAttributes, are not signed and are passed over.
var known = map[string]bool{
	"Type": true, "MessageId": true, "TopicArn": true, "Message": true, "Subject": true, "Timestamp": true, "Token": true, "SubscribeURL": true,
	"SignatureVersion": true, "Signature": true, "SigningCertURL": true,
}

// fieldsOf reads the known fields of one JSON object. Their names are taken letter by letter and once each: encoding/json would let "topicarn"
// replace "TopicArn".
func fieldsOf(body []byte) (map[string]string, error) {
	if !utf8.Valid(body) {
		return nil, errors.New("not UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return nil, errors.New("not a JSON object")
	}
	fields := map[string]string{}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, fmt.Errorf("read JSON: %w", err)
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, fmt.Errorf("read JSON: %w", err)
		}
		key, _ := name.(string)
		if !known[key] || key == "Subject" && string(value) == "null" {
			continue
		}
		if _, twice := fields[key]; twice {
			return nil, fmt.Errorf("%s is there twice", key)
		}
		var text string
		if value[0] != '"' || json.Unmarshal(value, &text) != nil {
			return nil, fmt.Errorf("%s is no text", key)
		}
		fields[key] = text
	}
	if _, err := decoder.Token(); err != nil {
		return nil, fmt.Errorf("read JSON: %w", err)
	}
	if decoder.More() {
		return nil, errors.New("more than one JSON object")
	}
	return fields, nil
}

// signedText builds the text that the signature covers: each name and each value on a line of its own.
func signedText(kind string, fields map[string]string) (string, error) {
	names, ok := signedFields[kind]
	if !ok {
		return "", fmt.Errorf("type %q", kind)
	}
	var text strings.Builder
	for _, name := range names {
		value, there := fields[name]
		if !there && name == "Subject" {
			continue
		}
		// Fields are told apart by line breaks alone. Only a message may hold one; elsewhere it would let one field pass for two.
		if value == "" || name != "Message" && strings.ContainsFunc(value, isControl) {
			return "", fmt.Errorf("%s is missing or not plain", name)
		}
		text.WriteString(name + "\n" + value + "\n")
	}
	return text.String(), nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }
