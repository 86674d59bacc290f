import Link from '@docusaurus/Link';
import Layout from '@theme/Layout';
import LikeWise from '@theme/LikeWise';
import LikeWisePopular from '@theme/LikeWisePopular';

const PAGES = [
  ['/posts/hello/', 'Hello, oven'],
  ['/posts/café/', 'Café'],
  ['/notes/hello/', 'Hello, tide'],
];

export default function Home() {
  return (
    <Layout>
      <main className="container margin-vert--lg">
        <h1>Marginalia</h1>
        <p>
          A small site to try the like button on. Two of its pages share the last part of their
          address, and each has a count of its own.
        </p>
        <ul>
          {PAGES.map(([page, title]) => (
            <li key={page}>
              <Link to={page}>{title}</Link> <LikeWise page={page} label={`Like: ${title}`} />
            </li>
          ))}
          <li>
            <Link to="/posts/quiet/">A page without a button</Link>
          </li>
        </ul>
        <LikeWisePopular />
      </main>
    </Layout>
  );
}
