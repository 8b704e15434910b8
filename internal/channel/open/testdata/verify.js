// Verifies as public connectors do: over the body that it has parsed and written again.
const { createHmac } = require('crypto');

const secret = process.argv[2];
let input = '';
process.stdin.on('data', (chunk) => { input += chunk; });
process.stdin.on('end', () => {
  let verified = 0;
  for (const { body, signature, hex } of JSON.parse(input)) {
    const again = JSON.stringify(JSON.parse(body));
    const digest = createHmac('sha256', secret).update(again);
    const raw = digest.digest();
    if (signature === 'sha256=' + raw.toString('base64') && hex === 'sha256=' + raw.toString('hex')) {
      verified++;
    } else {
      console.log('not verified:\n' + body + '\n' + again);
    }
  }
  console.log('verified ' + verified);
});
