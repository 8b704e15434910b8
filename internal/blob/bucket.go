package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Bucket keeps each blob as an object. What is put is written to the local disk
// first, so that nothing goes into the bucket that is not whole, and memory stays
// flat however large a blob is.
type Bucket struct {
	client *s3.Client
	name   string
	spool  string
}

// Credentials are a key of the provider's.
type Credentials struct{ ID, Secret string }

// defaultRegion is where AWS looks for buckets whose region nobody said.
const defaultRegion = "us-east-1"

// NewBucket opens a bucket by its URL: s3://bucket, with region and endpoint as
// parameters; a key in the URL goes before the one given. spool is a local folder
// for what is on its way. It fails where the bucket cannot be reached.
func NewBucket(ctx context.Context, address string, key Credentials, spool string) (Bucket, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "s3" || u.Host == "" {
		return Bucket{}, errors.New("blob: the address is not s3:// with a bucket") // never the address: it can hold a key
	}
	if u.User != nil {
		secret, _ := u.User.Password()
		key = Credentials{u.User.Username(), secret}
	}
	if err := os.MkdirAll(spool, 0o700); err != nil {
		return Bucket{}, fmt.Errorf("blob: %w", err)
	}
	b := Bucket{client: s3.New(options(u.Query(), key)), name: u.Host, spool: spool}
	if _, err := b.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &b.name}); err != nil {
		return b, fmt.Errorf("blob: the bucket %s cannot be reached: %w", b.name, err)
	}
	return b, nil
}

func options(parameters url.Values, key Credentials) s3.Options {
	o := s3.Options{Region: parameters.Get("region"), Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: key.ID, SecretAccessKey: key.Secret}, nil
	})}
	if o.Region == "" {
		o.Region = defaultRegion
	}
	if endpoint := parameters.Get("endpoint"); endpoint != "" {
		o.BaseEndpoint, o.UsePathStyle = &endpoint, true
		// Other providers know fewer checksums than AWS.
		o.RequestChecksumCalculation, o.ResponseChecksumValidation = aws.RequestChecksumCalculationWhenRequired, aws.ResponseChecksumValidationWhenRequired
	}
	return o
}

// Put sends a file of which all is on the local disk.
func (b Bucket) Put(ctx context.Context, key string, r io.Reader) error {
	if err := check(key); err != nil {
		return err
	}
	name, err := spool(b.spool, r)
	if err != nil {
		return err
	}
	defer os.Remove(name)
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = b.client.PutObject(ctx, &s3.PutObjectInput{Bucket: &b.name, Key: &key, Body: file})
	return err
}

// Open reads a part of an object.
func (b Bucket) Open(ctx context.Context, key string, from, length int64) (io.ReadCloser, error) {
	if err := check(key); err != nil {
		return nil, err
	}
	part := fmt.Sprintf("bytes=%d-%d", from, from+length-1)
	object, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &key, Range: &part})
	if err != nil {
		return nil, err
	}
	return object.Body, nil
}

// Delete removes an object.
func (b Bucket) Delete(ctx context.Context, key string) error {
	if err := check(key); err != nil {
		return err
	}
	_, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.name, Key: &key})
	return err
}
